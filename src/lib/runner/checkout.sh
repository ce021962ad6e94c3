# shellcheck shell=sh
# The files of a commit that was sent. What filters, line endings, encodings and keywords make of them was done before it was
# sent, on the machine where that is set up; here nothing is converted a second time.

# checkout_commit REPOSITORY FOLDER INDEX COMMIT
checkout_commit() {
  mkdir -p "$1/info"
  echo '* -text -eol -crlf -ident -filter -working-tree-encoding' >"$1/info/attributes"
  GIT_INDEX_FILE=$3 git --git-dir="$1" --work-tree="$2" read-tree --reset -u "$4"
}
