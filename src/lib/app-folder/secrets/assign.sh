# shellcheck shell=sh
# NAME=value of a version file as a shell assignment to VARIABLE: assign VARIABLE NAME FILE

assign() {
  LC_ALL=C awk -v variable="$1" -v wanted="$2" '
# include ./unescape.awk
    { at = index($0, "=") }
    substr($0, 1, at - 1) == wanted {
      body = substr($0, at + 2, length($0) - at - 2)
      if (substr($0, at + 1, 1) == "\"") body = unescape(body)
      gsub(/\047/, "\047\\\047\047", body)
      print variable "=\047" body "\047"
    }' "$3"
}
