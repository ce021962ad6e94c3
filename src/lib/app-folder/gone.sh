# shellcheck shell=sh
# Both are mostly asked for what is not there, which a shell sees itself.

# drop FILE...: removes what is there.
drop() {
  for dropped; do
    shift
    if [ -e "$dropped" ] || [ -L "$dropped" ]; then set -- "$@" "$dropped"; fi
  done
  [ $# = 0 ] || rm -f "$@"
}

# gone PATH...: removes what is there, and may be another one's, too.
gone() {
  for leaving; do
    shift
    if [ -e "$leaving" ] || [ -L "$leaving" ]; then set -- "$@" "$leaving"; fi
  done
  [ $# = 0 ] || rm -rf "$@" 2>/dev/null || sudo -n rm -rf "$@"
}
