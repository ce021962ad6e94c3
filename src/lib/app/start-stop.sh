# shellcheck shell=sh
# Starts, stops or restarts services: "$@". Under the app's lock, so that it never runs into a deploy.

# include ../app-folder/lock.sh
# include ../app-folder/stopped.sh
# include ../app-folder/compose-program.sh
cd "$base" || exit "$MISSING"
take_lock 0
sign_lock "$holder"
# Known to be started before they are, and to be stopped after they were.
forget_stopped "$@"
act() { $compose_program --progress plain -p "$project" "$@" 2>&1; }
# Compose restarts what shares the network of another one beside that one, which may be gone just then: it starts what was left so.
act "$action" "$@" || { [ "$action" = restart ] && act start "$@"; } || exit
[ "$action" != stop ] || note_stopped "$@"
