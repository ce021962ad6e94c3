# An awk function: what a line of the history has for a key, whose value is one string without quotes in it.

function member(text, key) {
  if (!match(text, "\"" key "\":\"[^\"]*\"")) return ""
  return substr(text, RSTART + length(key) + 4, RLENGTH - length(key) - 5)
}
