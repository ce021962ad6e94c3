# shellcheck shell=sh
# The files of a commit that was sent. What filters, line endings, encodings and keywords make of them was done before it was
# sent, on the machine where that is set up; here nothing is converted a second time.

# checkout_commit REPOSITORY FOLDER INDEX COMMIT
checkout_commit() {
  [ -d "$1/info" ] || mkdir -p "$1/info"
  echo '* -text -eol -crlf -ident -filter -working-tree-encoding' >"$1/info/attributes"
  GIT_INDEX_FILE=$3 git --git-dir="$1" --work-tree="$2" read-tree --reset -u "$4"
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

# The files of the release, in its folder, from what a release that is gone has left (keep_spare in remove-old.sh), or from nothing:
# place_commit BASE RELEASE COMMIT. Needs gone.sh.
place_commit() {
  if [ -f "$1/spare/index" ] && mkdir -p "$2" && mv -T "$1/spare/tree" "$2/tree" 2>/dev/null && mv "$1/spare/index" "$2/index"; then
    rm -rf "$1/spare" 2>/dev/null || :
    update_checkout "$1/repo.git" "$2/tree" "$2/index" "$3" >/dev/null 2>&1 && return
  fi
  gone "$1/spare" "$2/tree"
  drop "$2/index" "$2/index.lock"
  mkdir -p "$2/tree" && checkout_commit "$1/repo.git" "$2/tree" "$2/index" "$3"
}
