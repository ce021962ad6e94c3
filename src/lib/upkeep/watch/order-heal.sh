# shellcheck shell=sh
# Asks for a restart of services that were sick in two looks, at most three times an hour each. That is done by a unit of its own, for it has
# to have the app's lock.

# restarts_of SERVICE FILE: how often it was within the hour, of lines `time service`.
restarts_of() {
  if [ -f "$2" ]; then awk -v service="$1" -v now="$(date +%s)" '$2 == service && $1 > now - 3600 { n++ } END { print n + 0 }' "$2"; else echo 0; fi
}

order_heal() {
  sed -n 's/^sick	//p' "$work/judged" | sort -u >"$work/sick"
  # shellcheck disable=SC2154 # set by whoever puts this in front
  if [ "$heal" = restart ] && [ -f sick ]; then
    while IFS='	' read -r service container; do
      if grep -qxF "$service	$container" sick && [ "$(restarts_of "$service" heals)" -lt 3 ]; then echo "$service $container"; fi
    done <"$work/sick" >"$work/order"
    if [ -s "$work/order" ]; then cp "$work/order" heal.new && mv heal.new heal; fi
  fi
  cp "$work/sick" sick
}
