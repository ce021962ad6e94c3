# shellcheck shell=sh
# Keeps out of the verdict what is no fault of the release: what a container did before this run, and health checks that
# began before the services they depend on were replaced.

# What is there before anything is touched: id, restarts, started, whether it runs, service, one line a container.
note_began() {
  # shellcheck disable=SC2015,SC2086 # it is for either of them; ids, a word each
  began=$(timeout 120 docker ps -aq --no-trunc --filter "label=com.docker.compose.project=$project" --filter label=com.docker.compose.oneoff=False) && [ -n "$began" ] &&
    timeout 120 docker inspect --format '{{.Id}}|{{.RestartCount}}|{{.State.StartedAt}}|{{.State.Running}}|{{index .Config.Labels "com.docker.compose.service"}}' $began >"$work/began" 2>/dev/null || : >"$work/began"
}

# From when on "unhealthy" counts for what was not started in this run: from any time when nothing was, else from when all
# that was is ready, which is not known yet. Who made the data follow, or migrated it, has touched them all.
fair_since() {
  fresh=
  drop "$work/fresh"
  : >"$work/taken-back"
  [ -e "$work/began" ] || : >"$work/began"
}
fresh_now() {
  fresh=$(date -u +%Y-%m-%dT%H:%M:%S.%N)
  : >"$work/fresh"
}

# newer FILE OTHER: whether it was written to since.
# shellcheck disable=SC3013 # dash and ash know it, and it starts no program
newer() { [ "$1" -nt "$2" ]; }

# Looks whether what was started in this run is ready by now, and gives what loops from before one quick trial: fails when
# it has, for then what was seen of it is history.
be_fair() {
  if [ -z "$fresh" ] || [ "$fresh" = any ]; then
    fresh=$(awk -F'|' -v touched="$touched" '
      FILENAME == ARGV[1] { started[$1] = $3; next }
      !($10 in started) || started[$10] != $7 {
        some = 1
        if ($2 == "created" || $2 == "restarting" || ($2 == "running" && $3 == "starting")) late = 1
      }
      END { print late ? "" : (some || touched) ? "now" : "any" }' "$work/began" "$work/now")
    [ "$fresh" != now ] || fresh_now
  # Somebody has set the clock back: from now on, and what was said in the time that has been taken back does not count.
  elif newer "$work/fresh" "$work/asked"; then
    cut -d'|' -f10,11 "$work/now" >"$work/taken-back"
    fresh_now
  fi
  # Who only watches has no lock, and starts nothing.
  if [ -z "$fresh" ] || [ "$mode" = watch ]; then return 0; fi
  # It waits a minute and more between its attempts by now: with a new start it shows within seconds what it does.
  loops=$(awk -F'|' '
    FILENAME == ARGV[1] { count[$1] = $2; started[$1] = $3; next }
    $2 == "restarting" && $5 >= 3 && ($10 in count) && $5 - count[$10] < 3 { print $10 }' "$work/began" "$work/now")
  [ -n "$loops" ] || return 0
  for each in $loops; do
    awk -F'|' -v id="$each" '$1 != id' "$work/began" >"$work/began.new" && mv "$work/began.new" "$work/began"
    timeout 120 docker restart "$each" >/dev/null 2>&1
  done
  return 1
}
