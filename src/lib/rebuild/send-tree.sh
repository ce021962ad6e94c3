# shellcheck shell=sh
# Writes a folder to standard output, as root: all of it, or what has changed since the time before, which $list knows; or the single file
# $only in it. $1 and what follows are options of tar. Ends with 1 where files changed meanwhile.

umask 077
cd "$from" || exit 2
set -- --create --file=- --format=posix --numeric-owner --xattrs --xattrs-include='*' --acls --sparse --no-check-device \
  --warning=no-file-changed --warning=no-file-removed "$@"
[ -z "$only" ] || exec tar "$@" "./$only"
mkdir -p "$(dirname "$list")" || exit 2
[ "$whole" = 0 ] || rm -f "$list"
exec tar "$@" --listed-incremental="$list" .
