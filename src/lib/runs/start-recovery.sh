# shellcheck shell=sh
# Starts the runner on the transaction that is open, under the lock; standard input brings the runner.

set -eu
cd "$base"
# include ../app-folder/lock.sh
# include ./programs/take-runner.sh
# include ../app-folder/reopen.sh
take_lock "$lock_wait"
[ -f transaction ] || { echo 'there is nothing to recover any more' >&2; exit 1; }
sign_run "$holder"
take_runner
place_runner
rm -rf .incoming
# shellcheck disable=SC1091 # written by zebu
. ./transaction
# Before anybody reads along.
reopen_journal "journals/$tx_run.jsonl"
( setsid sh runner recover "$base" - - </dev/null >/dev/null 2>&1 & echo "$!" >watcher )
runner=$(cat watcher)
exec 9>&-
printf 'run=%s\nalive=1\nstarted\n' "$tx_run"
exec tail -s 0.02 -n +1 -f --pid="$runner" "journals/$tx_run.jsonl"
