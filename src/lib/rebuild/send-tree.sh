# shellcheck shell=sh
# Writes a folder to standard output, as root: all of it, or what has changed since the time before, which $list knows. $1 and what
# follows are options of tar. Ends with 1 where files changed meanwhile.

umask 077
mkdir -p "$(dirname "$list")" || exit 2
[ "$whole" = 0 ] || rm -f "$list"
cd "$from" || exit 2
exec tar --create --file=- --format=posix --numeric-owner --xattrs --acls --sparse --no-check-device \
  --listed-incremental="$list" --warning=no-file-changed --warning=no-file-removed "$@" .
