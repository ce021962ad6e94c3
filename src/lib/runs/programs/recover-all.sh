# shellcheck shell=sh
# What the machine does once it is up again: each app's open transaction, under that app's lock. $1: the folder of all apps.

for state in "$1"/*/transaction; do
  [ -f "$state" ] || continue
  base=$(dirname "$state")
  (
    exec 9>>"$base/lock"
    flock -n 9 && [ -f "$state" ] && exec sh "$base/runner" recover "$base" - - worker
  )
done
exit 0
