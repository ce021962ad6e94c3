# One look at the containers: reads, in this order, what the release was verified with (service|digest|image|lasting), what app:stop stopped
# (see app-folder/stopped.sh),
# restarts as they were (time, id, count), and what is there now, as of look.sh. Prints lines separated by tabs:
#   health   down, unhealthy or restarting   services, separated by blanks   words
#   drifted  drifted   services   words
#   hold     a service that has not come to its end yet: what was wrong before stays so
#   sick     service   container that a restart may help
#   count    id   restarts
# The same judgement as of the runner (runner/verdict.sh) and of app:status (app-folder/services.ts), which wait for what is waiting.

function worse(word) { if (rank[word] > rank[worst]) worst = word }
function bad(kind, service, words) {
  worse(kind)
  if (!((service, words) in said)) { said[service, words] = 1; health = health ((health == "") ? "" : "; ") service " " words }
  if (!(service in named)) { named[service] = 1; services = services ((services == "") ? "" : " ") service }
}
function drift(service, words) {
  drifted = drifted ((drifted == "") ? "" : "; ") service " " words
  others = others ((others == "") ? "" : " ") service
}
BEGIN { rank["unhealthy"] = 1; rank["restarting"] = 2; rank["down"] = 3 }
FILENAME == ARGV[1] { if ($1 != "") { if (!($1 in then)) names[++n] = $1; then[$1]++; digest[$1] = $2; image[$1] = $3; if ($4 == 1) lasting[$1] = 1 } next }
FILENAME == ARGV[2] { off[$0] = 1; stopped[$1] = 1; next }
FILENAME == ARGV[3] { split($0, each, " "); if (each[1] >= now - window && (!(each[2] in least) || each[3] < least[each[2]])) least[each[2]] = each[3]; next }
{
  service = $1; state = $2; restarts = 0
  there[service]++
  if (!(service in then) && !(service in added)) { added[service] = 1; names[++n] = service }
  if ($11 != digest[service]) settings[service] = 1
  if ($12 != image[service]) other[service] = 1
  print "count\t" $10 "\t" $5
  # Docker counts anew when somebody starts it by hand.
  if ($10 in least) restarts = ($5 >= least[$10]) ? $5 - least[$10] : $5
  memory = ($6 == "true") ? " (out of memory)" : ""
  name = substr($9, 2)
  if (restarts >= 3 && (state == "running" || state == "restarting")) bad("restarting", service, "restarts again and again (" restarts " times, last exit code " $4 ")" memory)
  else if (state == "running" && $3 == "unhealthy" && $8 != "job") { bad("unhealthy", service, "is unhealthy"); print "sick\t" service "\t" name }
  else if ((state == "running" && $3 == "starting" && $8 != "job") || state == "restarting") print "hold\t" service
  else if (state == "running") next
  else if (state == "exited" && $4 == 0 && $8 != "stays") next
  else if (state == "exited" && ((service in off) || ((service "|" $7) in off))) next
  else if (state == "exited") { bad("down", service, "has exited with code " $4 memory); print "sick\t" service "\t" name }
  else bad("down", service, "is " state)
}
END {
  for (i = 1; i <= n; i++) {
    name = names[i]
    if (!(name in then)) { if (recorded) drift(name, "is not part of the release"); continue }
    if (!(name in there)) { if ((name in lasting) && !(name in stopped)) bad("down", name, "has no container"); continue }
    if (there[name] != then[name]) drift(name, "has " there[name] " containers instead of " then[name])
    else if (name in settings) drift(name, "runs with another configuration than the release's")
    else if (name in other) drift(name, "runs another image than the release's")
  }
  if (n == 0) bad("down", "the app", "has no container")
  if (health != "") print "health\t" worst "\t" services "\t" health
  if (drifted != "") print "drifted\tdrifted\t" others "\t" drifted
}
