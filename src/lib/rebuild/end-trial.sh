# shellcheck shell=sh
# The app was started here before it serves from here: of that the history has nothing. It is stopped, so that what it has written is on the
# disk when the machine is shut down, and so that nothing of it serves before it is started again.

# include ../app-folder/compose-program.sh
cd "$base" || exit 1
! tail -n 1 releases.jsonl | grep -q '"mode":"rebuild"' || sed -i '$d' releases.jsonl || exit 1
# shellcheck disable=SC2086 # words
timeout 900 $compose_program --progress plain -p "$project" stop >/dev/null </dev/null || exit 1
left=$(timeout 60 docker ps -q --filter "label=com.docker.compose.project=$project") || exit 1
# shellcheck disable=SC2086 # ids, a word each
[ -z "$left" ] || timeout 300 docker stop $left >/dev/null || exit 1
sync
