/** Starting a release that has its images. */
export const BRING_UP = String.raw`
# Fails with $reason set where it is known better than from the last line that was printed.
start_release() {
  front_prepare
  find_rolling || { reason="the Compose files cannot be read: $(grep -v '^$' "$work/error" | tail -n 1)"; return 1; }
  if [ -s "$work/roll" ]; then roll_out || return 1
  else logged compose up -d --no-build --remove-orphans || return 1
  fi
  front_sync
  front_reload
}

# Starts a release that has its images, and judges it.
bring_up() {
  begin start-up "$1"
  limit=$(( timeout + 600 ))
  reason= bad= only=
  watch_gap
  if ! start_release; then
    gap=$(gaps)
    [ -z "$reason" ] || return 1
    said=$(sed -n 's/^{"step":"start-up","line":"\(.*\)"}$/\1/p' "$journal" | tail -n 1)
    # Which container made "up" fail is told by looking at them once.
    timeout=0
    verify && reason=
    case $reason in ''|'not healthy'*) reason="docker compose up failed: $said" ;; esac
    return 1
  fi
  begin verify ''
  said=
  verify
  judged=$?
  gap=$(gaps)
  [ -z "$gap" ] || note done "nobody answered for (seconds): $(echo "$gap" | tr -d '"' | sed -e 's/,/, /g' -e 's/:/ /g')"
  return $judged
}
`;
