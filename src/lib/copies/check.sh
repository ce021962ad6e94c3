# shellcheck shell=sh
# Runs a command of zebu.yml, the words of which are set, in the running container of $service.

container=$(timeout 60 docker ps -q --filter "label=com.docker.compose.project=$project" --filter "label=com.docker.compose.service=$service" --filter label=com.docker.compose.oneoff=False | head -n 1)
[ -n "$container" ] || { echo "the service $service is not running" >&2; exit 1; }
exec timeout "$seconds" docker exec "$container" "$@" </dev/null
