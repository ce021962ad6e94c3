# shellcheck shell=sh
# Starts, stops or restarts services: "$@". Under the app's lock, so that it never runs into a deploy.

# include ../app-folder/lock.sh
cd "$base" || exit "$MISSING"
take_lock 0
sign_lock "$holder"
# What is stopped on purpose, a service a line: of those app:status does not say that they are not well. Known to be started
# before they are, and to be stopped after they were.
grep -vxF "$(printf '%s\n' "$@")" stopped >stopped.new 2>/dev/null
mv stopped.new stopped
docker compose --progress plain -p "$project" "$action" "$@" 2>&1 || exit
[ "$action" != stop ] || printf '%s\n' "$@" >>stopped
