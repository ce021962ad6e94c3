# shellcheck shell=sh
# take_part FILE SIZE: from so many bytes of standard input. A connection that ends early must not leave half a file.

take_part() {
  head -c "$2" >"$1"
  [ "$(wc -c <"$1")" -eq "$2" ] || { echo 'the connection ended early' >&2; exit 1; }
}
