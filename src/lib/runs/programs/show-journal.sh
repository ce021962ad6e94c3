# shellcheck shell=sh
# Shows a journal from a line on, and stays while its run lives: $run names it, without it the newest. Announces `run=` and
# `alive=` before.

# include ../../app-folder/statuses.sh
# include ../../app-folder/order.sh
cd "$base" 2>/dev/null || exit "$MISSING"
[ -n "$run" ] || run=$(journals_in_order . | tail -n 1)
alive=0
exec 8>>lock
if ! flock -ns 8 && grep -qsF "\"run\":\"$run\"" holder; then alive=1; fi
exec 8>&-
# Who has just got the lock is still receiving.
tries=0
while [ $alive = 1 ] && [ ! -f "journals/$run.jsonl" ] && [ $tries -lt 300 ]; do
  tries=$((tries + 1))
  sleep 0.2
done
[ -n "$run" ] && [ -f "journals/$run.jsonl" ] || exit "$MISSING"
printf 'run=%s\nalive=%s\nstarted\n' "$run" "$alive"
[ $alive = 1 ] && exec tail -s 0.02 -n "+$from" -f --pid="$(cat watcher)" "journals/$run.jsonl"
exec tail -n "+$from" "journals/$run.jsonl"
