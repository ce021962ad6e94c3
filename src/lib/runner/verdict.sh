# shellcheck shell=sh
# The verdict: whether what runs is as it should be, and the last words of what is not.

# service|state|health|exit|restarts|oom|started|meant|name|id|check|digest|image|networks, one line a container: meant says what for
# (see "meant"), check when the last health check began; the rest is for in_force.
look_at() {
  # shellcheck disable=SC2016 # a template of Docker's, or another shell's words
  timeout 120 docker inspect --format "$container_fields"'|{{with .State.Health}}{{$last := ""}}{{range .Log}}{{$last = .Start.UTC.Format "2006-01-02T15:04:05.000000000"}}{{end}}{{$last}}{{end}}|{{index .Config.Labels "com.docker.compose.config-hash"}}|{{.Image}}|{{range $name, $_ := .NetworkSettings.Networks}} {{$name}}{{end}} ' "$@"
}

# inspect [again]: with "again" the containers that were there the last time, unless one of them is not any more.
inspect() {
  : >"$work/asked"
  # shellcheck disable=SC2086 # names, each free of blanks
  if [ "$1" = again ] && [ -n "$ids" ] && look_at $ids >"$work/looked" 2>/dev/null; then meant <"$work/looked"; return 0; fi
  ids=$only
  [ -n "$ids" ] || ids=$(timeout 120 docker ps -aq --no-trunc --filter "label=com.docker.compose.project=$project" --filter label=com.docker.compose.oneoff=False) || return 1
  [ -n "$ids" ] || return 0
  # shellcheck disable=SC2086 # ids, a word each
  look_at $ids >"$work/looked"
  looked=$?
  meant <"$work/looked"
  return $looked
}

# Waits $patience seconds. Fails with $cause, $reason and $bad (container names) set, or succeeds once all is as it should be.
verify() {
  watch_states
  verified=$?
  stop_asking
  [ $verified != 0 ] || note_answered
  return $verified
}

watch_states() {
  clock
  until=$((clock + patience)) eager=5
  same='' since=0 cause='' reason='' bad='' said='' ids=$as_is
  fair_since
  # What app:stop stopped is as somebody wants it.
  off=
  [ ! -f "$base/stopped" ] || off=" $(tr '\n' ' ' <"$base/stopped")"
  while :; do
    # What runs already was looked at just now.
    if [ -n "$as_is" ]; then as_is=
    else inspect again >"$work/now"
    fi || { cause=docker-silent reason='Docker does not answer'; return 1; }
    [ -s "$work/now" ] || { cause=no-container reason='there is no container'; return 1; }
    be_fair || continue
    ask_starting
    # waiting: not decided; unchecked: up, but nothing tests it, so only time can.
    awk -F'|' -v fresh="$fresh" -v off="$off" '
      function fail(text) { print "bad=" substr($9, 2); print "reason=" $1 " " text }
      function loops() { fail("restarts again and again (" restarts " times" (($2 == "running") ? "" : ", last exit code " $4) (($6 == "true") ? ", out of memory" : "") ")") }
      FILENAME == ARGV[1] { count[$1] = $2; started[$1] = $3; next }
      FILENAME == ARGV[2] { back[$1] = $2; next }
      # Docker counts anew when somebody starts it by hand.
      { restarts = (($10 in count) && $5 >= count[$10]) ? $5 - count[$10] : $5; own = !($10 in count) || started[$10] != $7 }
      $2 == "running" && $8 == "awaited" { print "waiting=" $1; next }
      $2 == "running" && $3 == "unhealthy" && $8 != "job" {
        # What it said before anything was replaced is no verdict on what was put in place.
        if (own || fresh == "any" || (fresh != "" && $11 > fresh && $11 != back[$10])) fail("is unhealthy"); else print "waiting=" $1
        next
      }
      $2 == "running" && $3 == "starting" && $8 != "job" { print "waiting=" $1; next }
      $2 == "running" && $3 == "healthy" { next }
      $2 == "running" && restarts >= 3 { loops(); next }
      $2 == "running" { print "unchecked=" $1; next }
      $2 == "restarting" { if (restarts >= 3) loops(); else print "waiting=" $1; next }
      $2 == "exited" && $4 == 0 && $8 != "stays" { next }
      $2 == "exited" && (index(off, " " $1 " ") || index(off, " " $1 "|" $7 " ")) { next }
      $2 == "exited" { if ($4 == 255) print "cause=exited-255"; fail("exited with code " $4 (($6 == "true") ? " (out of memory)" : "")); next }
      $2 == "created" { print "waiting=" $1; next }
      { fail("is " $2) }
    ' "$work/began" "$work/taken-back" "$work/now" >"$work/judged"
    [ -s "$work/judged" ] || return 0
    read_judged
    [ -z "$reason" ] || return 1
    clock
    now=$clock
    if [ -z "$waiting" ]; then
      [ -n "$unchecked" ] || return 0
      # The same start times and restart counts through the whole window.
      sum=$(cut -d'|' -f1,2,5,7 "$work/now" | sort | cksum)
      [ "$sum" = "$same" ] || { same=$sum; since=$now; }
      [ $((now - since)) -ge "$stability" ] && return 0
      waiting="$unchecked(no health check: up for $((now - since)) of $stability s)"
    fi
    [ "$now" -lt "$until" ] || { cause=not-ready reason="not healthy within $patience s: $waiting"; bad=$(cut -d'|' -f9 "$work/now" | tr -d / | tr '\n' ' '); return 1; }
    [ "$waiting" = "$said" ] || { said=$waiting; note wait "$waiting"; }
    await_event
  done
}

# Sets $waiting and $unchecked, services with a blank behind each, or $cause, $reason and $bad.
read_judged() {
  waiting='' unchecked='' said_cause=unhealthy
  while IFS= read -r line; do
    case $line in
      waiting=*) waiting="$waiting${line#*=} " ;;
      unchecked=*) unchecked="$unchecked${line#*=} " ;;
      reason=*) reason="$reason${reason:+; }${line#*=}" ;;
      bad=*) bad="$bad${line#*=} " ;;
      # What decides whether it is taken at its word, see blame_up.
      cause=*) said_cause=${line#*=} ;;
    esac
  done <"$work/judged"
  [ -z "$reason" ] || cause=$said_cause
}

# A second, or less when what watches the gap hears from Docker that something has changed since it was asked. Most are
# healthy soon: the first $eager seconds it is looked at more often.
await_event() {
  pause=0.2 looks=5
  [ "$eager" = 0 ] || { eager=$((eager - 1)) pause=0.05 looks=20; }
  while [ $looks -gt 0 ]; do
    looks=$((looks - 1))
    sleep $pause
    if [ -n "$watcher" ] && newer "$work/events" "$work/asked"; then return; fi
  done
}

# The last words of the containers that failed.
last_words() {
  for container in $bad; do
    note output "last lines of $container"
    logged timeout 60 docker logs --tail 20 "$container"
  done
}
