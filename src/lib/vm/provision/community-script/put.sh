# shellcheck shell=sh
# Defines `put FILE MODE`, which writes a file that comes as base64 on standard input.

set -e
umask 077
put() {
  mkdir -p "${1%/*}"
  base64 -d >"$1"
  chmod "$2" "$1"
}
