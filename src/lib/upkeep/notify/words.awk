# What is said of an event, a JSON line of events.jsonl: the kind of message (info, success, warning, failure), its title, and then its text.
# $app is whose it is.

function member(key,   at, rest, out, c) {
  at = index(line, "\"" key "\":")
  if (at == 0) return ""
  rest = substr(line, at + length(key) + 3)
  if (substr(rest, 1, 1) != "\"") { match(rest, /^[^,}]*/); return substr(rest, 1, RLENGTH) }
  rest = substr(rest, 2)
  out = ""
  while (rest != "") {
    c = substr(rest, 1, 1)
    if (c == "\"") break
    if (c == "\\") {
      c = substr(rest, 2, 1)
      if (c == "u") { out = out "?"; rest = substr(rest, 7); continue }
      out = out ((c ~ /[nrtbf]/) ? " " : c)
      rest = substr(rest, 3)
      continue
    }
    out = out c
    rest = substr(rest, 2)
  }
  return out
}
function span(seconds) {
  seconds = int(seconds)
  if (seconds < 60) return seconds " s"
  if (seconds < 3600) return int(seconds / 60) " min"
  if (seconds < 172800) return int(seconds / 3600) " h " int(seconds % 3600 / 60) " min"
  return int(seconds / 86400) " days"
}
function say(type, title, text) { print type; print app ": " title; if (text != "") print text }
function sentence(text) { return (text == "") ? "" : text "." }
function joined(a, b) { return (a == "") ? b : (b == "") ? a : a " " b }
function what(   commit) {
  commit = member("commit")
  return joined(member("ref"), (commit == "") ? "" : "(" substr(commit, 1, 7) ")")
}
# Who brought it, what it is, and how long that took.
function about(   text, by) {
  text = member("subject")
  by = member("who")
  if (by != "") text = joined(sentence(text), "By " by ((member("from") == "") ? "" : " from " member("from")))
  if (member("seconds") != "") text = text ((text == "") ? "After " : ", after ") span(member("seconds"))
  return sentence(text)
}
function begun(title) { say("warning", title, sentence(member("reason"))) }
function over(title) { say("success", title, "After " span(member("seconds")) ".") }
{
  line = $0
  kind = member("event")
  reason = sentence(member("reason"))
  mode = member("mode")
  if (kind == "deployed") say("success", (mode == "rollback") ? what() " is live again" : (mode == "secrets") ? "other secrets are in use" : (mode == "data") ? "a dump of the data was restored" : what() " is live", joined(reason, about()))
  else if (kind == "restored") say("failure", ((mode == "secrets") ? "other secrets" : (mode == "data") ? "the restore of a dump" : what()) " failed and was undone; what was live before goes on", joined(reason, about()))
  else if (kind == "failed" && member("verdict") == "refused") say("failure", what() " was refused; nothing was changed", joined(reason, about()))
  else if (kind == "failed") say("failure", what() " failed, and the app is NOT HEALTHY", joined(reason, about()))
  else if (kind == "probation") say("failure", what() " was undone on probation", joined(reason, about()))
  else if (kind == "down") say("failure", "DOWN", reason)
  else if (kind == "unhealthy") begun("not healthy")
  else if (kind == "restarting") begun("restarts again and again")
  else if (kind == "up") over("well again")
  else if (kind == "healed") say("info", member("service") ((member("failed") == "") ? " was restarted" : " could not be restarted"), joined(reason, sentence(member("failed"))))
  else if (kind == "drifted") begun("changed by hand")
  else if (kind == "drifted-over") over("as the release says again")
  else if (kind == "disk") begun("the disk fills up")
  else if (kind == "disk-over") over("the disk has room again")
  else if (kind == "certificate") begun("a certificate ends soon")
  else if (kind == "certificate-over") over("the certificate was renewed")
  else if (kind == "proof") begun("what is kept wants to be proven")
  else if (kind == "proof-over") over("it was proven")
  else if (kind == "reboot") begun("a security upgrade wants a reboot")
  else if (kind == "reboot-over") over("the VM was rebooted")
  else if (kind == "pull-refused") say("failure", what() " was not pulled", reason)
  else if (kind == "pull-away") say("warning", "the git server is away", joined(reason, member("repository")))
  else if (kind == "pull-back") say("success", "the git server is back", member("repository"))
  else if (kind == "dump-failed") say("failure", "no dump of the data", reason)
  else if (kind == "offsite-failed") say("warning", "a dump could not be copied off the VM", reason)
  else if (kind == "more") say("info", "and " member("count") " more within the hour", sentence(member("kinds")))
  else if (kind == "test") say("info", "a test of zebu", "If you read this, messages reach you. Asked for by " member("who") ".")
  else say("info", kind, reason)
}
