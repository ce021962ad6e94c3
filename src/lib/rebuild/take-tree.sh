# shellcheck shell=sh
# Puts what standard input brings into a folder, as root, and takes away what is not there any more; or puts the single file $only there: see
# send-tree.sh. It is on the disk then, whatever happens to the machine.

mkdir -p "$to" && cd "$to" || exit 2
set -- --extract --file=- --numeric-owner --same-owner --preserve-permissions --xattrs --xattrs-include='*' --acls
if [ -z "$only" ]; then
  [ "$whole" = 0 ] || find . -mindepth 1 -delete || exit 2
  set -- "$@" --no-check-device --listed-incremental=/dev/null
fi
tar "$@"
ended=$?
# It stops reading where the archive says that it ends, which is before its last block does.
cat >/dev/null
[ "$ended" = 0 ] || exit "$ended"
sync
