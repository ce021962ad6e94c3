# shellcheck shell=sh
# The verdict: whether what runs is as it should be, and the last words of what is not.

# service|state|health|exit|restarts|oom|started|meant|name|id|check|digest|image|networks, one line a container: meant says what for
# (see "meant"), check when the last health check began; the rest is for in_force: networks are those that know it by its service's name.
look_at() { if engine_near; then engine_look '' "$@"; else timeout 120 docker inspect --format "$look_fields" "$@"; fi; }
# shellcheck disable=SC2016 # a template of Docker's, or another shell's words
look_fields=$container_fields'|{{with .State.Health}}{{$last := ""}}{{range .Log}}{{$last = .Start.UTC.Format "2006-01-02T15:04:05.000000000"}}{{end}}{{$last}}{{end}}|{{index .Config.Labels "com.docker.compose.config-hash"}}|{{.Image}}|{{$service := index .Config.Labels "com.docker.compose.service"}}{{range $name, $at := .NetworkSettings.Networks}}{{$found := eq $name "bridge" "host" "none"}}{{range $at.Aliases}}{{if eq . $service}}{{$found = true}}{{end}}{{end}}{{if $found}} {{$name}}{{end}}{{end}} '

look_program='
# include ./look.pl
'
# The same through the engine's socket, of all containers of the project where there are no ids; with "began" what fair.sh asks for in front:
# engine_look began|'' [ID...]. The health checks of what is starting are in $work/checks then (ask-health.sh).
engine_look() {
  look_began=$1 look_patience=$patient look_hold=$holding
  shift
  patient='' holding=''
  containers_path 1
  LC_ALL=C perl -e "$look_program" "$engine_socket" 120 "$look_began" "$api_path" "$work" "$look_patience" "$look_hold" "$@"
}

# inspect [again]: with "again" the containers that were there the last time, unless one of them is not any more.
inspect() {
  as_compared=
  # Who asks through the socket notes that itself.
  engine_near || : >"$work/asked"
  # shellcheck disable=SC2086 # names, each free of blanks
  if [ "$1" = again ] && [ -n "$ids" ] && look_at $ids >"$work/looked" 2>/dev/null; then meant <"$work/looked"; return 0; fi
  ids=$only
  if [ -z "$ids" ] && engine_near; then
    engine_look '' >"$work/looked" || return 1
    while IFS='|' read -r _ _ _ _ _ _ _ _ _ each _; do ids="$ids$each "; done <"$work/looked"
    meant <"$work/looked"
    return
  fi
  [ -n "$ids" ] || project_containers || return 1
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
  same='' since=0 cause='' reason='' bad='' said='' patient='' ids=$as_is
  fair_since
  # What app:stop stopped is as somebody wants it.
  off=
  [ ! -f "$base/stopped" ] || off=" $(tr '\n' ' ' <"$base/stopped")"
  while :; do
    # What runs already was looked at just now.
    if [ -n "$as_is" ]; then as_is=
    else
      # Where something is heard from Docker there is no hurry to say what only starts.
      [ -z "$watcher" ] || ! may_ask || { may_last; holding=$lasting; }
      inspect again >"$work/now"
    fi || { cause=docker-silent reason='Docker does not answer'; return 1; }
    [ -s "$work/now" ] || { cause=no-container reason='there is no container'; return 1; }
    judge_fairly || continue
    ask_starting
    [ -s "$work/judged" ] || return 0
    read_judged
    [ -z "$reason" ] || return 1
    clock
    now=$clock
    if [ -z "$waiting" ]; then
      [ -n "$unchecked" ] || return 0
      # The same start times and restart counts through the whole window.
      are=$(while IFS='|' read -r service state _ _ restarts _ began _; do printf '%s|' "$service" "$state" "$restarts" "$began"; done <"$work/now")
      [ "$are" = "$same" ] || { same=$are; since=$now; }
      # What started in vain before says little by being up for a moment.
      steady_for=$stability
      [ ! -s "$work/excused" ] || [ "$steady_for" -ge 10 ] || steady_for=10
      [ $((now - since)) -ge "$steady_for" ] && return 0
      waiting="$unchecked(no health check: up for $((now - since)) of $steady_for s)"
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

# A second, or less when what watches the gap hears from Docker that something has changed since it was asked: with the next look, which is made by
# one program then, or here. Most are healthy soon: the first $eager seconds it is looked at more often.
await_event() {
  if engine_near; then patient=1; return; fi
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
