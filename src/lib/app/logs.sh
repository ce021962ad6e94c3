# shellcheck shell=sh
# First the containers, a `name service` a line and an empty line; then what `docker compose logs "$@"` prints, without secret
# values, which the other side does not know.

# include ../app-folder/secrets/find-masks.sh
# include ../app-folder/compose-program.sh
containers=$(docker ps -a --filter "label=com.docker.compose.project=$project" --filter label=com.docker.compose.oneoff=False --format '{{.Names}} {{.Label "com.docker.compose.service"}}') || exit 1
[ -z "$containers" ] || printf '%s\n' "$containers"
echo
services=$(printf '%s\n' "$containers" | cut -d ' ' -f 2)
exec 4>&1
# shellcheck disable=SC2086 # names of services, each free of blanks
exit "$({ { $compose_program -p "$project" logs "$@"
echo $? >&3; } | mask "$project" $services >&4; } 3>&1)"
