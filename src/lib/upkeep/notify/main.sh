# shellcheck shell=sh
# The program of the unit: takes what happened, sends it, and stays as long as something waits to be sent. Nothing runs while nothing does:
# the unit is started by events/new, or by `pending` after a restart.

umask 077
cd "$base/notify" || exit 1
rm -rf "/dev/shm/zebu@notify@$app".*
work=$(mktemp -d "/dev/shm/zebu@notify@$app.XXXXXX" 2>/dev/null || mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 0' TERM INT HUP
mkdir -p queue state tests
masks=$base/shared/secrets
# shellcheck disable=SC2010 # what it says is asked, not what there is
ls "$masks" 2>/dev/null | grep -q '[.]env' || masks=/dev/null

# Of receivers that are gone nothing is kept.
for each in queue/* state/* folded/*; do
  name=${each##*/} name=${name%.said}
  case " $receivers " in *" $name "*) ;; *) rm -rf "$each" ;; esac
done
find tests -mindepth 1 -mmin +60 -exec rm -rf {} + 2>/dev/null

own=$(cat "$base/units/notify.sum" 2>/dev/null)
ends=$(($(date +%s) + lasts))
while :; do
  rm -f "$base/events/new"
  take
  for each_receiver in $receivers; do send "$each_receiver"; done
  [ ! -e "$base/events/new" ] || continue
  if ! left; then
    rm -f pending
    # What comes in a burst is taken together.
    sleep "$nap"
    [ ! -e "$base/events/new" ] || continue
    exit 0
  fi
  : >pending
  while :; do
    now=$(date +%s)
    if [ "$now" -ge "$soon" ] || [ -e "$base/events/new" ]; then break; fi
    # Another program is to go on, or this one by and by; what is pending has it started at once.
    if [ "$now" -ge "$ends" ] || [ "$(cat "$base/units/notify.sum" 2>/dev/null)" != "$own" ]; then exit 0; fi
    sleep "$nap"
  done
done
