# shellcheck shell=sh
# The files of a commit that was sent. What filters, line endings, encodings and keywords make of them was done before it was
# sent, on the machine where that is set up; here nothing is converted a second time.

# include ./touched.sh
attributes() {
  [ -d "$1/info" ] || mkdir -p "$1/info"
  echo '* -text -eol -crlf -ident -filter -working-tree-encoding' >"$1/info/attributes"
}

# checkout_commit REPOSITORY FOLDER INDEX COMMIT
checkout_commit() {
  attributes "$1"
  GIT_INDEX_FILE=$3 git --git-dir="$1" --work-tree="$2" read-tree --reset -u "$4"
}

# Writes what the other commit has changed or added, and nothing else is read of either of them. Fails where anything is gone in it, or has
# become another kind of thing, as what takes the place of what is git's to judge: write_changes REPOSITORY INDEX NAMES COMMIT OTHER, in the
# folder
write_changes() {
  gone_=$(git --git-dir="$1" diff-tree -r --no-renames --diff-filter=am --name-only "$4" "$5") && [ -z "$gone_" ] || return 1
  [ ! -s "$3" ] || GIT_INDEX_FILE=$2 GIT_LITERAL_PATHSPECS=1 plain_git "$1" checkout -q "$5" --pathspec-from-file="$3" --pathspec-file-nul
}

# As below, of what is known by its mark to be untouched for the most part: nothing else is looked at. Fails where more was done than
# can be told so; what was done until then is no harm. The names of all that it has written go into INDEX-written:
# update_touched REPOSITORY FOLDER INDEX COMMIT MARK WRITTEN
update_touched() {
  touched_=$3-touched
  # shellcheck disable=SC3013 # dash and ash know it
  [ ! "$3" -nt "$5" ] && came_since "$5" "$2" "$touched_" "$1" && [ -O "$2" ] && chmod 755 "$2" || return 1
  attributes "$1"
  (
    cd "$2" || exit 1
    xargs -0 -r chmod 755 -- <"$touched_.folders" && cat "$touched_.git" "$touched_.new" | xargs -0 -r rm -rf -- && xargs -0 -r rm -f -- <"$touched_.files" || exit 1
    changed_files "$5" . "$touched_" "$1" "$3" "$6" && git --git-dir="$1" diff-tree -r -z --no-renames --name-only "$of_" "$4" >"$3-written" || exit 1
    if [ ! -s "$touched_.changed" ] && [ ! -s "$touched_.folders" ]; then
      ! write_changes "$1" "$3" "$3-written" "$of_" "$4" || exit 0
    else
      cat "$touched_.changed" >>"$3-written" && xargs -0 -r rm -f -- <"$touched_.changed" || exit 1
      [ ! -s "$touched_.changed" ] || GIT_INDEX_FILE=$3 plain_git "$1" update-index -z --force-remove --stdin <"$touched_.changed" || exit 1
      # Folders that are only there for what went. One that is left may have been moved here with all that is in it.
      LC_ALL=C sort -rz "$touched_.folders" | xargs -0 -r rmdir --ignore-fail-on-non-empty -- || exit 1
      others_=$(GIT_INDEX_FILE=$3 GIT_LITERAL_PATHSPECS=1 xargs -0 -r git --git-dir="$1" --work-tree=. ls-files -o -- <"$touched_.folders") && [ -z "$others_" ] || exit 1
    fi
    GIT_INDEX_FILE=$3 plain_git "$1" read-tree -m -u "$4"
  )
}

# Makes the files of a commit from those of another one, which are there with their index: only what differs is written. What hooks left
# there goes, and what they changed is as it was. Fails where something cannot be made as git makes it:
# update_checkout REPOSITORY FOLDER INDEX COMMIT, all paths absolute
update_checkout() {
  # Git knows nothing of whose something is, and of who may write to it, and takes what has another name besides, as what containers are
  # given has (keep_file), for its own: such files are written anew. Of another repository in it it removes nothing.
  find "$2" -name .git -prune -exec rm -rf {} + || return 1
  find "$2" ! -type d '(' ! -type l ! -perm 644 ! -perm 755 -o ! -user "$(id -u)" -o -links +1 ')' -exec rm -f {} + || return 1
  checkout_commit "$1" "$2" "$3" "$4" && ( cd "$2" && GIT_INDEX_FILE=$3 git --git-dir="$1" --work-tree=. clean -ffdxq ) || return 1
  find "$2" -type d ! -perm 755 -exec chmod 755 {} + && [ -z "$(find "$2" -type d ! -user "$(id -u)" -print -quit)" ]
}

# From what a release that is gone has left (keep_spare in remove-old.sh): update_spare BASE RELEASE COMMIT
update_spare() {
  if [ -f "$1/spare/mark" ] && update_touched "$1/repo.git" "$2/tree" "$2/index" "$3" "$1/spare/mark" "$1/spare/written"; then
    mv "$2/index-written" "$2/written"
    return
  fi
  drop "$2/index.lock"
  update_checkout "$1/repo.git" "$2/tree" "$2/index" "$3" && written_all "$@"
}

# Where that is known of no file, it is of all. Only a release of many files has that list, by which it is told: written_all BASE RELEASE
written_all() { [ "$(wc -c <"$2/index")" -le "$large_index" ] || GIT_INDEX_FILE=$2/index git --git-dir="$1/repo.git" ls-files -z >"$2/written"; }

# The files of the release, in its folder, from such a spare, or from nothing, with a mark of when they were made:
# place_commit BASE RELEASE COMMIT. Needs gone.sh.
place_commit() {
  placed_=
  [ -d "$2" ] || mkdir -p "$2"
  drop "$2/written"
  if [ -f "$1/spare/index" ]; then
    { mv -T "$1/spare/tree" "$2/tree" && mv "$1/spare/index" "$2/index" && update_spare "$@"; } >/dev/null 2>&1 && placed_=1
    came_lists "$2/index-touched"
    rm -rf "$1/spare" 2>/dev/null || :
    [ -n "$placed_" ] || gone "$2/tree"
  fi
  if [ -z "$placed_" ]; then
    gone "$1/spare"
    drop "$2/index" "$2/index.lock" "$2/written"
    { [ -d "$2/tree" ] || mkdir -p "$2/tree"; } && checkout_commit "$1/repo.git" "$2/tree" "$2/index" "$3" && written_all "$@" || return 1
  fi
  mark_checkout "$2/mark" "$3" || drop "$2/mark"
}
