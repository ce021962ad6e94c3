# shellcheck shell=sh
# The file `stopped`: what app:stop stopped on purpose, a container a line, as SERVICE|STARTED. Started again by anybody it has
# another time, and is nobody's purpose any more. Lines of an older zebu are SERVICE alone, and hold for whatever it has.

# forget_stopped SERVICE…
forget_stopped() {
  [ -f "$base/stopped" ] || return 0
  printf '%s\n' "$@" | awk -F'|' 'FILENAME == "-" { gone[$1]; next } !($1 in gone)' - "$base/stopped" >"$base/stopped.new" || return 1
  if [ -s "$base/stopped.new" ]; then mv "$base/stopped.new" "$base/stopped"; else rm -f "$base/stopped" "$base/stopped.new"; fi
}

# note_stopped SERVICE…: they have just been stopped.
note_stopped() {
  for stopped_service in "$@"; do
    ids=$(timeout 60 docker ps -aq --no-trunc --filter "label=com.docker.compose.project=$project" \
      --filter "label=com.docker.compose.service=$stopped_service" --filter "label=com.docker.compose.oneoff=False") || return 1
    # shellcheck disable=SC2086 # ids, a word each
    [ -z "$ids" ] || timeout 60 docker inspect --format '{{index .Config.Labels "com.docker.compose.service"}}|{{.State.StartedAt}}' $ids >>"$base/stopped" || return 1
  done
}
