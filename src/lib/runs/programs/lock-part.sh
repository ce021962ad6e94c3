# shellcheck shell=sh
# The beginning of a run: makes the app's folder, takes its lock, signs it, and takes the runner. With `over_checked` it is refused
# where another release than $over is live by now.

set -eu
umask 077
cd "$base" 2>/dev/null || { mkdir -p "$base"; cd "$base"; }
for each in releases journals shared/secrets; do [ -d "$each" ] || mkdir -p "$each"; done
# include ../../app-folder/live-name.sh
# include ../../app-folder/lock.sh
# include ./take-runner.sh
take_lock "$lock_wait"
if [ "$over_checked" = 1 ] && [ "$(live_name)" != "$over" ]; then
  cat held 2>/dev/null || :
  exit "$OVERTAKEN"
fi
[ ! -e "journals/$run.jsonl" ] && [ ! -e "releases/$run" ] || exit "$TAKEN"
for each in .run.*; do [ ! -e "$each" ] || rm -rf "$each"; done
sign_run "$holder"
take_runner
