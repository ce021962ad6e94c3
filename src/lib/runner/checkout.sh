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

# As below, of what is known by its mark to be untouched for the most part: nothing else is looked at. Fails where more was done than
# can be told so; what was done until then is no harm: update_touched REPOSITORY FOLDER INDEX COMMIT MARK
update_touched() {
  touched_=$3-touched
  touched_since "$5" "$2" "$touched_" && [ ! -s "$touched_.foreign" ] && [ -O "$2" ] && chmod 755 "$2" || return 1
  (
    cd "$2" || exit 1
    ours_() { GIT_INDEX_FILE=$3 git --git-dir="$1" --work-tree=. update-index -z --force-remove --stdin; }
    xargs -0 -r chmod 755 -- <"$touched_.folders" && xargs -0 -r rm -rf -- <"$touched_.git" && xargs -0 -r rm -f -- <"$touched_.files" || exit 1
    [ ! -s "$touched_.files" ] || ours_ "$@" <"$touched_.files" || exit 1
    [ "$(files_made "$3")" = "$untouched" ] || exit 1
    [ -s "$touched_.folders" ] || exit 0
    # Folders that are only there for what went. One that is left may have been moved here with all that is in it.
    LC_ALL=C sort -rz "$touched_.folders" | xargs -0 rmdir --ignore-fail-on-non-empty -- || exit 1
    export GIT_INDEX_FILE="$3" GIT_LITERAL_PATHSPECS=1
    xargs -0 git --git-dir="$1" --work-tree=. diff-files --quiet -- <"$touched_.folders" || exit 1
    [ -z "$(xargs -0 git --git-dir="$1" --work-tree=. ls-files -o -- <"$touched_.folders")" ]
  ) || return 1
  attributes "$1"
  GIT_INDEX_FILE=$3 git --git-dir="$1" --work-tree="$2" read-tree -m -u "$4"
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
  if [ -f "$1/spare/mark" ] && update_touched "$1/repo.git" "$2/tree" "$2/index" "$3" "$1/spare/mark"; then return; fi
  drop "$2/index.lock"
  update_checkout "$1/repo.git" "$2/tree" "$2/index" "$3"
}

# The files of the release, in its folder, from such a spare, or from nothing, with a mark of when they were made:
# place_commit BASE RELEASE COMMIT. Needs gone.sh.
place_commit() {
  placed_=
  [ -d "$2" ] || mkdir -p "$2"
  if [ -f "$1/spare/index" ]; then
    { mv -T "$1/spare/tree" "$2/tree" && mv "$1/spare/index" "$2/index" && update_spare "$@"; } >/dev/null 2>&1 && placed_=1
    drop "$2/index-touched.foreign" "$2/index-touched.files" "$2/index-touched.folders" "$2/index-touched.git" "$2/index-touched.others"
    rm -rf "$1/spare" 2>/dev/null || :
    [ -n "$placed_" ] || gone "$2/tree"
  fi
  if [ -z "$placed_" ]; then
    gone "$1/spare"
    drop "$2/index" "$2/index.lock"
    { [ -d "$2/tree" ] || mkdir -p "$2/tree"; } && checkout_commit "$1/repo.git" "$2/tree" "$2/index" "$3" || return 1
  fi
  mark_checkout "$2/mark" || drop "$2/mark"
}
