# shellcheck shell=sh
# Asks each container of the app that Docker has not asked yet for its health, once, and notes for app:status who is well. Twenty seconds for
# all of them: what hangs is not asked again.

# include ../app-folder/health-check.sh
uptime() { cut -d. -f1 /proc/uptime; }
engine_near || exit 0
cd "$base/current" 2>/dev/null || exit 0
until=$(($(uptime) + 20))
ids=$(timeout 60 docker ps -q --no-trunc --filter "label=com.docker.compose.project=$project" --filter label=com.docker.compose.oneoff=False --filter health=starting)
for id in $ids; do
  [ "$(uptime)" -lt "$until" ] || break
  named=$(timeout 60 docker inspect --format '{{index .Config.Labels "com.docker.compose.service"}}|{{.State.StartedAt}}' "$id") || continue
  ! grep -qsxF -e "$named" -e "hangs|$named" answered || continue
  check_of "$id" || continue
  [ "$allowed" -le 10 ] || allowed=10
  ask_once "$id" "$allowed"
  case $? in 0) echo "$named" ;; 2) echo "hangs|$named" ;; esac >>answered
done
exit 0
