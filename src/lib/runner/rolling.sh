# shellcheck shell=sh
# Replacing a container without a gap: the new one beside the old, and the old one only goes once the new is healthy.

# Containers of a service, as ids: those of the configuration that is wanted ("new"), or of any other ("old").
members() {
  awk -v service="$2" -v which="$1" 'FILENAME == ARGV[1] { if ($1 == service) hash[$2] = 1; next }
    $1 == service && ((which == "new") == ($2 in hash)) { print $3 }' "$work/hashes" "$work/all"
}

list_all() {
  timeout 120 docker ps -a --no-trunc --filter "label=com.docker.compose.project=$project" --filter label=com.docker.compose.oneoff=False \
    --format '{{.Label "com.docker.compose.service"}} {{.Label "com.docker.compose.config-hash"}} {{.ID}} {{.State}}' >"$work/all"
}

# Waits until what a service depends on is as it asked for: arguments are dependency:condition.
await() {
  clock
  until=$((clock + timeout)) eager=5
  for need in "$@"; do
    while :; do
      name=$(echo "$need" | cut -d: -f1)
      case $need in
        *:service_healthy|*:service_completed_successfully) ;;
        *) break ;;
      esac
      inspect >"$work/now" || { cause=docker-silent reason='Docker does not answer'; return 1; }
      ask_starting
      state=$(awk -F'|' -v name="$name" '$1 == name { print $2, ($3 == "") ? "none" : $3, $4; exit }' "$work/now")
      case $need/$state in
        *:service_healthy/'running healthy '*|*:service_completed_successfully/'exited '*' 0') break ;;
        *:service_completed_successfully/'exited '*)
          cause=unhealthy reason="$name exited with code $(echo "$state" | cut -d' ' -f3)"
          bad=$(awk -F'|' -v name="$name" '$1 == name { print substr($9, 2) }' "$work/now" | tr '\n' ' ')
          return 1 ;;
      esac
      clock
      [ "$clock" -lt "$until" ] || { cause=not-ready reason="$name is not ready within $timeout s"; return 1; }
      await_event
    done
  done
}

# Replaces the containers of one service: roll SERVICE REPLICAS. What is new stays when it fails, for its last words.
roll() {
  list_all || { cause=docker-silent reason='Docker does not answer'; return 1; }
  dead=$(awk -v service="$1" '$1 == service && $4 != "running" { print $3 }' "$work/all")
  # shellcheck disable=SC2086 # ids, a word each
  [ -z "$dead" ] || { timeout 300 docker rm -f $dead >/dev/null 2>&1; list_all; }
  old=$(members old "$1")
  have=$(members new "$1" | wc -l)
  add=$(( $2 - have ))
  if [ $add -gt 0 ]; then
    note wait "$1: a new container beside the old one"
    logged compose up -d --no-build --no-deps --no-recreate --scale "$1=$(( $(echo "$old" | grep -c .) + have + add ))" "$1" || {
      cause=up-failed reason="docker compose up failed: $(last_line start-up)"
      return 1
    }
    list_all
  fi
  new=$(members new "$1")
  [ -n "$new" ] || { cause=no-container reason="$1 has no new container"; return 1; }
  only=$new said=
  verify || { only=; return 1; }
  only=
  # shellcheck disable=SC2086 # ids, a word each
  front_switch "$1" $new || { cause=proxy-failed reason="the proxy could not be switched to the new $1"; return 1; }
  [ -z "$old" ] && return 0
  [ "$drain" = 0 ] || { note wait "$1: the old container finishes what it has begun"; sleep "$drain"; }
  # Without -t: the stop_grace_period of the service.
  # shellcheck disable=SC2086 # ids, a word each
  logged timeout 600 docker stop $old
  # shellcheck disable=SC2086 # ids, a word each
  logged timeout 300 docker rm -f $old
}

# Brings a release up service by service: those in $work/roll beside their old ones, the others as Compose does it.
roll_out() {
  together='' last=''
  while IFS='|' read -r service how why replicas needs restarts; do
    last=$service
    rolled=
    ! grep -qxF "$service" "$work/roll" || rolled=1
    if [ -z "$rolled$needs" ]; then together="$together $service"; continue; fi
    if [ -n "$together" ]; then
      # shellcheck disable=SC2086 # names, each free of blanks
      logged compose up -d --no-build --no-deps $together || return 1
      front_sync early
      together=
    fi
    # shellcheck disable=SC2086 # names, each free of blanks
    await $needs || return 1
    if [ -n "$rolled" ]; then roll "$service" "$replicas" || return 1
    # By itself: beside some of what it depends on Compose would give it a digest that nobody else knows. One that is as it should be has one
    # of both digests, and is not to be replaced for the other.
    else
      recreates=
      ! grep -qsxF "$service" "$work/steady" || recreates=--no-recreate
      # shellcheck disable=SC2086 # an option, or none
      logged compose up -d --no-build --no-deps $recreates "$service" || return 1
      front_sync early
    fi
  done <"$work/strategies"
  # In the end what does not belong to the release goes, even when nothing is left to be started.
  # shellcheck disable=SC2086 # names, each free of blanks
  if [ -n "$together" ]; then logged compose up -d --no-build --no-deps --remove-orphans $together || return 1
  else logged compose up -d --no-build --no-deps --no-recreate --remove-orphans "$last" || return 1
  fi
  again=$(to_restart)
  # shellcheck disable=SC2086 # names, each free of blanks
  [ -z "$again" ] || logged compose restart --no-deps $again
}

# The services that ask to be restarted with what they depend on (depends_on.restart), where that was replaced and they were
# not: service by service Compose does not see to it.
to_restart() {
  awk -F'|' '
    FILENAME == ARGV[1] { changed[$1] = 1; next }
    FILENAME == ARGV[2] { split($0, field, " "); runs[field[1]] = 1; next }
    ($1 in changed) || !($1 in runs) { next }
    { k = split($6, each, " "); for (i = 1; i <= k; i++) if (each[i] in changed) { printf " %s", $1; next } }
  ' "$work/changed" "$work/running" "$work/strategies"
}
