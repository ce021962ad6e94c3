# shellcheck shell=sh
# How long each service had no container that answers, from Docker's events while a release is brought up.

# Who runs before anything is touched: service id, a line each.
list_before() {
  note_began
  while IFS='|' read -r began_id _ _ runs began_service; do
    [ "$runs" != true ] || printf '%s %s\n' "$began_service" "$began_id"
  done <"$work/began" >"$work/before"
}

# Where that was begun beside something else.
await_listing() { if [ -n "$listing" ]; then wait "$listing"; listing=; else list_before; fi; }

# From just before anything is replaced.
watch_gap() {
  [ -z "$watcher" ] || return 0
  # Nobody has to wait for it, nor end it, when the runner is killed.
  : >"$work/events"
  ( unset ZEBU_SECRETS_RUN
    docker_events >>"$work/events" 2>/dev/null 9>&- ) &
  watcher=$!
}

# Instead of the shell that starts it. In the words of the engine (JSON) or of the client's format, a line each.
docker_events() {
  if engine_near; then
    export LC_ALL=C
    project_filter '%22type%22%3A%5B%22container%22%5D%2C%22event%22%3A%5B%22start%22%2C%22kill%22%2C%22die%22%2C%22health_status%22%5D%2C' ''
    exec perl -e "$engine_program" "$engine_socket" "$limit" "GET /events?$api_query"
  fi
  exec timeout "$limit" docker events --filter type=container --filter "label=com.docker.compose.project=$project" --filter event=start --filter event=kill --filter event=die \
    --filter event=health_status --format '{{.TimeNano}} {{index .Actor.Attributes "com.docker.compose.service"}} {{.Actor.ID}} {{.Action}}'
}

# measure_gap [judged]: with "judged" the containers are those that verify has just looked at. Sets $gap, and $clock_set where it is not
# known: Docker's moments are those of the clock, and nothing is known of who set it in between.
measure_gap() {
  [ -z "$watcher" ] || kill "$watcher" 2>/dev/null
  watcher='' gap='' clock_set=''
  # Nothing was replaced.
  [ -e "$work/events" ] || return 0
  if clock_was_set; then clock_set=1; return 0; fi
  [ "$1" = judged ] || inspect >"$work/now" 2>/dev/null
  gaps >"$work/gaps"
  # It has no line end.
  IFS= read -r gap <"$work/gaps" || :
}

# Prints the JSON members "service":seconds of those that were replaced. A container answers from when it is healthy, or
# without a check from its start, until it is told to stop.
gaps() {
  awk '
    FILENAME == ARGV[1] { split($0, field, "|"); if (field[3] != "") checked[field[1]] = 1; meant[field[1]] = field[8]; next }
    FILENAME == ARGV[2] { if (!up[$2]++) n[$1]++; had[$1] = 1; next }
    # Of the names those of the event come before those of labels; in what labels say quotes have a backslash.
    function member(name) { return match($0, "\"" name "\":\"[^\"]*") ? substr($0, RSTART + length(name) + 4, RLENGTH - length(name) - 4) : "" }
    /^[{]/ { $0 = substr($0, match($0, /"timeNano":[0-9]/) + 11, 19) " " member("com.docker.compose.service") " " member("ID") " " member("Action") }
    { at = substr($1, 1, length($1) - 6) / 1000; service = $2; id = $3; action = $4 }
    !(service in had) || meant[service] != "stays" { next }
    action == "kill" || action == "die" {
      touched[service] = 1
      if (up[id]) { up[id] = 0; if (--n[service] == 0) down[service] = at }
      next
    }
    (action == "start" && !(service in checked)) || ($4 == "health_status:" && $5 == "healthy") {
      if (!up[id]) { up[id] = 1; if (n[service]++ == 0 && (service in down)) { gap[service] += at - down[service]; delete down[service] } }
    }
    END { for (service in touched) { printf "%s\"%s\":%.1f", comma, service, gap[service]; comma = "," } }
  ' "$work/now" "$work/before" "$work/events" 2>/dev/null
}

say_gap() {
  [ -z "$clock_set" ] || note "done" 'the clock of the VM was set meanwhile: for how long nobody answered is not known'
  [ -n "$gap" ] || return 0
  said_='' rest_=$gap,
  while [ -n "$rest_" ]; do
    each=${rest_%%,*} rest_=${rest_#*,}
    each=${each#\"}
    said_="$said_${said_:+, }${each%%\"*} for ${each##*:} s"
  done
  note "done" "did not answer meanwhile: $said_"
}
