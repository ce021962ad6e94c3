# Prints `KEY OID NAME`, tabs between, of the lines `OID refs/tags/NAME` whose name ends in a version, as `git ls-remote` prints them.
# Sorted as bytes, KEY is in the order of versions as semver has it: a pre-release before its release, numbers by size. What is no
# object, no tag or no version is left out, whatever else a name holds. Only names that the glob in `names` (a line each) lets through.

function number(text) {
  sub(/^0+/, "", text)
  return sprintf("%04d%s", length(text), text)
}
function key_of(name,   at, core, pre, parts, n, i, key) {
  sub(/[+].*$/, "", name)
  if (!match(name, /[0-9]/)) return ""
  core = substr(name, RSTART)
  pre = ""
  if (at = index(core, "-")) { pre = substr(core, at + 1); core = substr(core, 1, at - 1); if (pre !~ /^[0-9A-Za-z-]+([.][0-9A-Za-z-]+)*$/) return "" }
  if (core !~ /^[0-9]+([.][0-9]+)*$/) return ""
  n = split(core, parts, ".")
  if (n > 6 || length(core) > 120) return ""
  for (i = 1; i <= 6; i++) key = key number(i > n ? "0" : parts[i]) "."
  if (pre == "") return key "~"
  key = key "-"
  n = split(pre, parts, ".")
  for (i = 1; i <= n; i++) key = key (parts[i] ~ /^[0-9]+$/ ? "0" number(parts[i]) : "1" parts[i]) " "
  return key
}
{
  if (NF != 2 || $1 !~ /^[0-9a-f]+$/ || (length($1) != 40 && length($1) != 64)) next
  if ($2 !~ /^refs\/tags\/[A-Za-z][0-9A-Za-z._\/+-]*$/ && $2 !~ /^refs\/tags\/[0-9][0-9A-Za-z._+-]*$/) next
  name = substr($2, 11)
  if (length(name) > 200) next
  key = key_of(name)
  if (key != "") printf "%s\t%s\t%s\n", key, $1, name
}
