/** Starting a release that has its images. */
export const BRING_UP = String.raw`
# Starts a release that has its images, and judges it.
bring_up() {
  begin start-up "$1"
  limit=$(( timeout + 600 ))
  if ! logged compose up -d --no-build --remove-orphans; then
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
}
`;
