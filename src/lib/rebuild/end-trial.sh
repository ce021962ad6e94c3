# shellcheck shell=sh
# The app was started here before it serves from here: of that the history has nothing. It is stopped, so that what it has written is on the
# disk when the machine is shut down. Once it is up again it serves.

# include ../app-folder/stopped.sh
# include ../app-folder/compose-program.sh
cd "$base" || exit 1
! tail -n 1 releases.jsonl | grep -q '"mode":"rebuild"' || sed -i '$d' releases.jsonl || exit 1
# include ./start-again.sh
stop_all
