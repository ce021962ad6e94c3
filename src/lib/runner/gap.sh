# shellcheck shell=sh
# How long each service had no container that answers, from Docker's events while a release is brought up.

# Who runs before anything is touched: service id, a line each.
list_before() {
  note_began
  while IFS='|' read -r began_id _ _ runs began_service; do
    [ "$runs" != true ] || printf '%s %s\n' "$began_service" "$began_id"
  done <"$work/began" >"$work/before"
}

watch_gap() {
  if [ -n "$listing" ]; then wait "$listing"; listing=; else list_before; fi
  # Nobody has to wait for it, nor end it, when the runner is killed.
  : >"$work/events"
  ( unset ZEBU_SECRETS_RUN
    exec timeout "$limit" docker events --filter type=container --filter "label=com.docker.compose.project=$project" --filter event=start --filter event=kill --filter event=die \
      --filter event=health_status --format '{{.TimeNano}} {{index .Actor.Attributes "com.docker.compose.service"}} {{.Actor.ID}} {{.Action}}' >>"$work/events" 2>/dev/null 9>&- ) &
  watcher=$!
}

# gaps [judged]: with "judged" the containers are those that verify has just looked at.
# Prints the JSON members "service":seconds of those that were replaced. A container answers from when it is healthy, or
# without a check from its start, until it is told to stop. Docker's moments are those of the clock: nothing is known of who
# set it in between.
gaps() {
  [ -z "$watcher" ] || kill "$watcher" 2>/dev/null
  watcher=
  ! clock_was_set || return 0
  [ "$1" = judged ] || inspect >"$work/now" 2>/dev/null
  awk '
    FILENAME == ARGV[1] { split($0, field, "|"); if (field[3] != "") checked[field[1]] = 1; meant[field[1]] = field[8]; next }
    FILENAME == ARGV[2] { if (!up[$2]++) n[$1]++; had[$1] = 1; next }
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
  ! clock_was_set || note "done" 'the clock of the VM was set meanwhile: for how long nobody answered is not known'
  [ -z "$gap" ] || note "done" "did not answer meanwhile: $(echo "$gap" | sed -e 's/"//g' -e 's/,/ s, /g' -e 's/:/ for /g') s"
}
