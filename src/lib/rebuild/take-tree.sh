# shellcheck shell=sh
# Puts what standard input brings into a folder, as root, and takes away what is not there any more: see send-tree.sh.

mkdir -p "$to" && cd "$to" || exit 2
[ "$whole" = 0 ] || find . -mindepth 1 -delete || exit 2
tar --extract --file=- --numeric-owner --same-owner --preserve-permissions --xattrs --acls --no-check-device \
  --listed-incremental=/dev/null
ended=$?
# It stops reading where the archive says that it ends, which is before its last block does.
cat >/dev/null
exit $ended
