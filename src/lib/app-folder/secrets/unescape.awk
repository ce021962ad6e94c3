# An awk function: what stands between the double quotes of a version file, as the value it is.

function unescape(text,   out, at, c) {
  out = ""
  while ((at = index(text, "\\")) > 0) {
    c = substr(text, at + 1, 1)
    out = out substr(text, 1, at - 1) (c == "n" ? "\n" : c == "r" ? "\r" : c)
    text = substr(text, at + 2)
  }
  return out text
}
