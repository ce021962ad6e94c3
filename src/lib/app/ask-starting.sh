# shellcheck shell=sh
# Asks each container of the app that Docker has not asked yet for its health, once, and notes for app:status who is well.

# include ../app-folder/health-check.sh
engine_near || exit 0
cd "$base/current" 2>/dev/null || exit 0
ids=$(timeout 60 docker ps -q --no-trunc --filter "label=com.docker.compose.project=$project" --filter label=com.docker.compose.oneoff=False --filter health=starting)
for id in $ids; do
  { check_of "$id" && ask_once "$id" "$allowed"; } || continue
  timeout 60 docker inspect --format '{{index .Config.Labels "com.docker.compose.service"}}|{{.State.StartedAt}}' "$id" >>answered
done
