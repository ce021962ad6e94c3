# shellcheck shell=sh
# Starts what a rebuild that was interrupted has left stopped.

# include ../app-folder/lock.sh
# include ../app-folder/stopped.sh
# include ../app-folder/compose-program.sh
cd "$base" || exit "$MISSING"
[ -f rebuild-stopped ] || exit 0
# Who holds the app for a rebuild need not: that has come to nothing. The line to it may have been cut, or be the one that goes back.
holding=/dev/shm/zebu-rebuild-$project
[ ! -f "$holding" ] || { kill "$(cat "$holding")"; rm -f "$holding"; }
# What it has begun goes on for a while.
take_lock 960
sign_lock "$holder"
# include ./start-again.sh
start_again
