# shellcheck shell=sh
# The program of the unit that restarts what the watch has found sick: the file watch/heal, a service and its container a line. Under the
# app's lock, and only what is sick still.

# include ../../app-folder/lock.sh
# include ./order-heal.sh
umask 077
cd "$base" || exit 1
order=$(cat watch/heal 2>/dev/null)
rm -f watch/heal
(
  take_lock 0 >/dev/null
  sign_lock "{\"who\":\"watch\",\"from\":\"the VM\",\"since\":\"$(date -u +%Y-%m-%dT%H:%M:%SZ)\",\"id\":\"\",\"ref\":\"watch.heal\"}"
  [ ! -f transaction ] || exit 0
  printf '%s\n' "$order" | while read -r service container; do
    [ -n "$container" ] || continue
    count=$(restarts_of "$service" watch/heals)
    [ "$count" -lt 3 ] || continue
    # shellcheck disable=SC2016 # a template of Docker's
    how=$(timeout 20 docker inspect --format '{{.State.StartedAt}} {{.State.Status}} {{with .State.Health}}{{.Status}}{{end}}' "$container" 2>/dev/null 9>&-)
    ! grep -qxF -e "$service" -e "$service|${how%% *}" stopped 2>/dev/null || continue
    case ${how#* } in
      'running unhealthy') why='was unhealthy' ;;
      exited*) why='had exited' ;;
      *) continue ;;
    esac
    echo "$(date +%s) $service" >>watch/heals
    said=$(timeout 150 docker restart "$container" 2>&1 9>&-)
    ended=$?
    failed=
    [ $ended = 0 ] || failed=",\"failed\":\"$(json_text "$(printf '%s' "${said:-it took too long}" | tail -n 1)")\""
    event "$base" healed "\"service\":\"$(json_text "$service")\",\"count\":$((count + 1)),\"reason\":\"$(json_text "$service $why; restart $((count + 1)) of 3 within the hour")\"$failed" 9>&-
  done
  # Of a week; more is not asked.
  [ ! -f watch/heals ] || { awk -v now="$(date +%s)" '$1 > now - 604800' watch/heals >watch/heals.new && mv watch/heals.new watch/heals; }
)
exit 0
