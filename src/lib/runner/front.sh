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

# Sets $chosen to the certificate that what is loaded is served with. A release that is gone back to takes the one in force, which is
# newer than its own and may be the only one that has not ended, if that is good for all its names; so does a deploy whose plan is older.
front_certificate() {
  chosen=$certificate
  [ -n "$chosen" ] || return 0
  if [ "$mode" != deploy ] || [ "$release" != "$base/releases/$id" ] || [ -n "$certificate_held" ]; then
    bound='' bound_domains=''
    # shellcheck disable=SC1091 # written by front_bind
    [ ! -f "$base/shared/proxy/certificate" ] || . "$base/shared/proxy/certificate"
    for each in $certificate_domains; do
      case " $bound_domains " in *" $each "*) ;; *) bound='' ;; esac
    done
    [ -z "$bound" ] || [ ! -s "$base/shared/proxy/config/tls/$bound.pem" ] || chosen=$bound
  fi
  [ -s "$base/shared/proxy/config/tls/$chosen.pem" ] ||
    { cause=proxy-failed reason='the certificate of the front proxy is not in the VM any more: deploy again'; return 1; }
}

# What is live now is served with its own certificate, and what is gone back to from here on is, too.
front_bind() {
  if [ "$mode" != deploy ] || [ -z "$certificate" ] || [ -n "$certificate_held" ]; then return 0; fi
  printf "bound=%s\nbound_domains='%s'\n" "$certificate" "$certificate_domains" >"$base/shared/proxy/certificate.new" &&
    mv "$base/shared/proxy/certificate.new" "$base/shared/proxy/certificate"
}

# Certificates that no release and nothing in force names; the newest may be of a run that has not begun.
prune_certificates() {
  for each in "$base/shared/proxy/config/tls"/*.pem; do
    { [ -e "$each" ] && [ -n "$(find "$each" -mtime +0 2>/dev/null)" ]; } || continue
    name=${each##*/}
    cat "$base"/releases/*/plan "$base/shared/proxy/certificate" 2>/dev/null | grep -qE "^(certificate|bound)='?${name%.pem}'?\$" || rm -f "$each"
  done
}

# Whether an image has the module that the configuration names, before anything is stopped for it. Reading it looks at no value.
front_try() {
  [ -n "$proxy_tried" ] || return 0
  printf '%s' "$proxy_config" | timeout 120 docker run --rm -i --network none --entrypoint caddy "$proxy_tried" adapt --config /dev/stdin --adapter caddyfile >/dev/null 2>"$work/error" && return 0
  cause=proxy-failed reason="$proxy_tried does not take the configuration of the front proxy: $(grep -v '"level":"\(info\|warn\)"' "$work/error" | grep -v '^ *$' | tail -n 1 | sed 's/^Error: //')"
  return 1
}

# Puts the proxy's configuration in place; front_reload makes a running proxy take it.
front_prepare() {
  front="$project"_zebu-front reload=
  [ -n "$routes" ] || return 0
  mkdir -p "$base/shared/proxy/config" "$base/shared/proxy/state" && chmod 755 "$base/shared/proxy" "$base/shared/proxy/config" "$base/shared/proxy/state"
  front_certificate || return 1
  if [ -n "$proxy_authority" ]; then
    printf '%s\n' "$proxy_authority" >"$base/shared/proxy/config/authority.new"
    cmp -s "$base/shared/proxy/config/authority.new" "$base/shared/proxy/config/authority.pem" || reload=1
    chmod 644 "$base/shared/proxy/config/authority.new" && mv "$base/shared/proxy/config/authority.new" "$base/shared/proxy/config/authority.pem"
  fi
  printf '%s' "$proxy_config" | sed "s/@certificate@/$chosen/g" >"$work/Caddyfile"
  cmp -s "$work/Caddyfile" "$base/shared/proxy/config/Caddyfile" && return 0
  reload=1
  chmod 644 "$work/Caddyfile" && mv "$work/Caddyfile" "$base/shared/proxy/config/Caddyfile"
}

front_reload() {
  [ -n "$reload" ] || return 0
  reload=
  proxy=$(timeout 60 docker ps -q --filter "label=com.docker.compose.project=$project" --filter label=com.docker.compose.service=zebu-proxy)
  [ -n "$proxy" ] || return 0
  logged timeout 60 docker exec "$proxy" caddy reload --force --config /etc/zebu/Caddyfile --adapter caddyfile ||
    { cause=proxy-failed reason='the proxy refused its configuration'; bad=$proxy; return 1; }
}
