# What a look means: reads what is known of each matter from the looks before (matter, since, looks, gone, when it first was, told, worse,
# services, words) and what is wrong now (matter, kind, services, words), separated by tabs; $hold: health is undecided, what was, stays.
# Prints
#   known  the line for the next look
#   event  kind   members of JSON
#   past   since   until   kind   words    a trouble that is over
# Told is what lasted for two looks; and that it is over, once it was not seen for two.

function json(text) { gsub(/\\/, "\\\\", text); gsub(/"/, "\\\"", text); return text }
function list(names,   i, k, each, out) {
  k = split(names, each, " ")
  out = ""
  for (i = 1; i <= k; i++) out = out ((i > 1) ? "," : "") "\"" json(each[i]) "\""
  return "[" out "]"
}
function last(words,   i, each) { i = split(words, each, " "); return (i == 0) ? "" : each[i] }
function keep(name) { print "known\t" name "\t" since[name] "\t" looks[name] "\t" gone[name] "\t" first[name] "\t" told[name] "\t" worse[name] "\t" services[name] "\t" words[name] }
function begin(name) {
  told[name] = told[name] ((told[name] == "") ? "" : " ") kind[name]
  worse[name] = 0
  print "event\t" kind[name] "\t\"since\":" since[name] ",\"services\":" list(services[name]) ",\"reason\":\"" json(words[name]) "\""
}
BEGIN { FS = "\t"; rank["unhealthy"] = 1; rank["restarting"] = 2; rank["down"] = 3 }
FILENAME == ARGV[1] { order[++n] = $1; since[$1] = $2; looks[$1] = $3; gone[$1] = $4; first[$1] = $5; told[$1] = $6; worse[$1] = $7; services[$1] = $8; words[$1] = $9; next }
{
  if (!($1 in since)) { order[++n] = $1; since[$1] = now; looks[$1] = 0; gone[$1] = 0; told[$1] = ""; worse[$1] = 0 }
  seen[$1] = 1; kind[$1] = $2; services[$1] = $3; words[$1] = $4
}
END {
  for (i = 1; i <= n; i++) {
    name = order[i]
    if (name in seen) {
      looks[name]++; gone[name] = 0; first[name] = 0
      if (told[name] == "") { if (looks[name] >= 2) begin(name) }
      else if (rank[kind[name]] > rank[last(told[name])]) { if (++worse[name] >= 2) begin(name) }
      else worse[name] = 0
      keep(name)
    }
    else if (name == "health" && hold) keep(name)
    else if (told[name] != "") {
      if (++gone[name] == 1) first[name] = now
      if (gone[name] < 2) { keep(name); continue }
      if (name == "health") print "event\tup\t\"was\":\"" told[name] "\",\"since\":" since[name] ",\"seconds\":" (first[name] - since[name]) ",\"services\":" list(services[name])
      else print "event\t" name "-over\t\"since\":" since[name] ",\"seconds\":" (first[name] - since[name])
      print "past\t" since[name] "\t" first[name] "\t" last(told[name]) "\t" words[name]
    }
  }
}
