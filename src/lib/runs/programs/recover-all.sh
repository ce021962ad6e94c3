# shellcheck shell=sh
# What the machine does once it is up again: an app that a rebuild has stopped is started, and each app's open transaction ended, under that
# app's lock. $1: the folder of all apps.

for serve in "$1"/*/rebuild-serve; do
  [ ! -f "$serve" ] || sh "$serve"
done
for state in "$1"/*/transaction; do
  [ -f "$state" ] || continue
  base=$(dirname "$state")
  (
    exec 9>>"$base/lock"
    flock -n 9 && [ -f "$state" ] && exec sh "$base/runner" recover "$base" - - worker
  )
done
exit 0
