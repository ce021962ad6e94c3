# shellcheck shell=sh
# The front proxy's side of a deploy. Each routed service has two names on the proxy's network, SERVICE-a and SERVICE-b;
# the file state/SERVICE.b says that the second one is meant. The proxy looks for that file at every request, so that
# switching is one file appearing or going: nothing is reloaded, and no connection is lost.

front_slot() { if [ -e "$base/shared/proxy/state/$1.b" ]; then echo b; else echo a; fi; }
front_other() { if [ "$1" = a ]; then echo b; else echo a; fi; }
front_use() { if [ "$2" = b ]; then : >"$base/shared/proxy/state/$1.b"; else rm -f "$base/shared/proxy/state/$1.b"; fi; }
front_routed() { case " $routes " in *" $1 "*) return 0 ;; *) return 1 ;; esac; }

# front_switch SERVICE ID...: from now on these are asked. They answer to the name nobody asked for until now.
front_switch() {
  service=$1; shift
  front_routed "$service" || return 0
  slot=$(front_slot "$service")
  # Going back to containers that have never stopped being asked: there is nothing to switch.
  timeout 60 docker inspect --format '{{with index .NetworkSettings.Networks "'"$front"'"}}{{range .Aliases}} {{.}} {{end}}{{end}}' "$@" >"$work/front"
  ! grep -qF " $service-$slot " "$work/front" || return 0
  slot=$(front_other "$slot")
  for id_ in "$@"; do
    timeout 60 docker network connect --alias "$service-$slot" "$front" "$id_" 2>"$work/error" ||
      grep -q 'already exists' "$work/error" || return 1
  done
  front_use "$service" "$slot"
}

# Lets the proxy find containers that Compose has put in place by itself. With "early" those of services that are yet to
# be rolled are left alone: one that is not healthy may be among them.
front_sync() {
  for routed in $routes; do
    [ "$1" != early ] || ! grep -qxF "$routed" "$work/roll" || continue
    ids=$(timeout 60 docker ps -q --no-trunc --filter "label=com.docker.compose.project=$project" --filter "label=com.docker.compose.service=$routed" --filter label=com.docker.compose.oneoff=False)
    [ -n "$ids" ] || continue
    # shellcheck disable=SC2086 # ids, a word each
    timeout 60 docker inspect --format '{{.Id}}{{with index .NetworkSettings.Networks "'"$front"'"}}{{range .Aliases}} {{.}}{{end}}{{end}}' $ids >"$work/front"
    slot=$(front_slot "$routed")
    if ! grep -q " $routed-$slot" "$work/front" && grep -q " $routed-$(front_other "$slot")" "$work/front"; then
      slot=$(front_other "$slot")
      front_use "$routed" "$slot"
    fi
    # shellcheck disable=SC2013 # words
    for id_ in $(grep -v ' ' "$work/front"); do
      logged timeout 60 docker network connect --alias "$routed-$slot" "$front" "$id_"
    done
  done
}

# Puts the proxy's configuration in place; front_reload makes a running proxy take it.
front_prepare() {
  front="$project"_zebu-front reload=
  [ -n "$routes" ] || return 0
  mkdir -p "$base/shared/proxy/config" "$base/shared/proxy/state" && chmod 755 "$base/shared/proxy" "$base/shared/proxy/config" "$base/shared/proxy/state"
  printf '%s' "$proxy_config" >"$work/Caddyfile"
  cmp -s "$work/Caddyfile" "$base/shared/proxy/config/Caddyfile" && return 0
  reload=1
  chmod 644 "$work/Caddyfile" && mv "$work/Caddyfile" "$base/shared/proxy/config/Caddyfile"
}

front_reload() {
  [ -n "$reload" ] || return 0
  reload=
  proxy=$(timeout 60 docker ps -q --filter "label=com.docker.compose.project=$project" --filter label=com.docker.compose.service=zebu-proxy)
  [ -n "$proxy" ] || return 0
  logged timeout 60 docker exec "$proxy" caddy reload --config /etc/zebu/Caddyfile --adapter caddyfile ||
    { reason='the proxy refused its configuration'; bad=$proxy; return 1; }
}
