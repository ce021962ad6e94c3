# shellcheck shell=sh
# Starts, stops or restarts services: "$@". Under the app's lock, so that it never runs into a deploy.

# include ../app-folder/lock.sh
cd "$base" || exit "$MISSING"
take_lock 0
sign_lock "$holder"
docker compose --progress plain -p "$project" "$action" "$@" 2>&1
