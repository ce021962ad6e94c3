# shellcheck shell=sh
# First the containers, a `name service` a line, of those whose log cannot be read `= service driver`, and an empty line; then what `docker compose logs "$@"` prints, without secret
# values, which the other side does not know.

# include ../app-folder/secrets/find-masks.sh
# include ../app-folder/compose-program.sh
containers=$(docker ps -a --filter "label=com.docker.compose.project=$project" --filter label=com.docker.compose.oneoff=False --format '{{.Names}} {{.Label "com.docker.compose.service"}}') || exit 1
[ -z "$containers" ] || printf '%s\n' "$containers"
services=$(printf '%s\n' "$containers" | cut -d ' ' -f 2)
# Of what other drivers are handed Docker keeps a copy that it reads, unless it is told not to. Compose says nothing of either.
unreadable() {
  # shellcheck disable=SC2046 # names, each free of blanks
  [ -z "$containers" ] || docker inspect --format '{{index .Config.Labels "com.docker.compose.service"}} {{with .HostConfig.LogConfig}}{{.Type}} {{index .Config "cache-disabled"}}{{end}}' \
    $(printf '%s\n' "$containers" | cut -d ' ' -f 1) 2>/dev/null | while read -r service driver cacheless; do
    case $driver/$cacheless in none/*) ;; json-file/*|local/*|journald/*) continue ;; */true|*/1|*/t|*/T|*/TRUE|*/True) ;; *) continue ;; esac
    echo "= $service $driver"
  done
}
exec 4>&1
# shellcheck disable=SC2086 # names of services, each free of blanks
exit "$({ { $compose_program -p "$project" logs "$@"
echo $? >&3; } | { { unreadable; echo; } >&4; mask "$project" $services >&4; }; } 3>&1)"
