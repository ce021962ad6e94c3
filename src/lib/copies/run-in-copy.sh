# shellcheck shell=sh
# Runs the runner in a copy, and shows its journal until it has ended. Then, in lines of their own, the least memory that was available meanwhile.

cd "$base" || exit 1
mkdir -p journals
journal=journals/$run.jsonl
: >"$journal"
# What the machine does by itself keeps away from a run, as it does in the original.
[ "$mode" = prove ] || { exec 9>>lock; flock -w 60 9 || exit 1; }
(
  least=
  while sleep 0.5; do
    now=$(awk '$1 == "MemAvailable:" || $1 == "SwapFree:" { sum += $2 } END { print sum }' /proc/meminfo)
    if [ -z "$least" ] || [ "$least" -gt "$now" ]; then least=$now; echo "$least" >.copy-memory; fi
  done
) 9>&- >/dev/null 2>&1 &
sampler=$!
# No child of what shows the journal: once it has ended it would stay its zombie, and look alive to it for ever.
(
  sh "$runner" "$mode" "$base" "$id" "$run" worker </dev/null >/dev/null 2>&1 &
  echo $! >.copy-runner
)
read -r pid <.copy-runner
tail -s 0.2 -n +1 -f --pid="$pid" "$journal"
kill "$sampler" 2>/dev/null
printf 'least_memory=%s\n' "$(cat .copy-memory 2>/dev/null)"
