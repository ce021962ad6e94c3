# shellcheck shell=sh
# Lets the runner remove what nothing needs, under the lock; nothing is removed where it cannot be told what must stay.

set -eu
# include ../app-folder/lock.sh
# include ../runs/programs/take-runner.sh
cd "$base" 2>/dev/null || exit "$MISSING"
take_lock 0
sign_lock "$holder"
# include ../app-folder/current-link.sh
case $link in
  live) ;;
  none) exit "$MISSING" ;;
  *) exit "$BROKEN" ;;
esac
live=$(readlink current)
live=${live%/} live=${live##*/}
[ ! -f transaction ] || exit "$OPEN"
make_room
take_runner
place_runner
rm -rf .incoming
sh runner prune "$base" "$live" none worker "$keep" "$build_cache"
