# shellcheck shell=sh
# The beginning of a run: makes the app's folder, takes its lock, signs it, and takes the runner. With `over_checked` it is refused
# where another release than $over is live by now.

set -eu
umask 077
mkdir -p "$base"
cd "$base"
mkdir -p releases journals shared/secrets
# include ../../app-folder/lock.sh
# include ./take-runner.sh
take_lock "$lock_wait"
if [ "$over_checked" = 1 ] && [ "$(readlink current | sed -n 's|^releases/||p')" != "$over" ]; then
  cat held 2>/dev/null || :
  exit "$OVERTAKEN"
fi
[ ! -e "journals/$run.jsonl" ] && [ ! -e "releases/$run" ] || exit "$TAKEN"
rm -rf .run.*
sign_run "$holder"
take_runner
