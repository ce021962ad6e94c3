# shellcheck shell=sh
# Logins at registries, in a Docker configuration of their own in $work: its owner's alone, and gone with it. Nothing but the
# authority of a registry lies elsewhere, where Docker's daemon looks for it. Needs $app.

# include ./secrets/assign.sh
authorities=/etc/docker/certs.d

# open_logins HOST...: what there is of Docker's settings goes on to count (proxies, other logins, plugins), but no helper that
# would keep one of these logins.
open_logins() {
  own_docker=${DOCKER_CONFIG:-$HOME/.docker} helpers=
  for each; do
    # By what Docker calls its Hub.
    [ "$each" != docker.io ] || each=https://index.docker.io/v1/
    helpers="$helpers${helpers:+,}\"$each\":\"\""
  done
  ( umask 077
    mkdir -p "$work/docker" "$work/authorities" || exit 1
    for each in "$own_docker"/*; do
      case $each in */config.json|*/\*) ;; *) ln -sf "$each" "$work/docker/" ;; esac
    done
    settings_there=$([ ! -f "$own_docker/config.json" ] || tr -d '\n\r' <"$own_docker/config.json")
    case $(printf '%s' "$settings_there" | tr -d '[:space:]') in
      '{"'*) printf '%s\n' "$settings_there" | sed -e 's/"credHelpers"/"otherHelpers"/' -e "s|{|{\"credHelpers\":{$helpers},|" ;;
      *) echo "{\"credHelpers\":{$helpers}}" ;;
    esac >"$work/docker/config.json" )
}

# each_registry HOSTS COMMAND...: with the words of each registry, up to the first that fails. Whoever runs this has registry_1 and so on.
each_registry() {
  registry_hosts=$1 registry=0
  shift
  for _ in $registry_hosts; do
    registry=$((registry + 1))
    "registry_$registry" "$@" || return
  done
}

# For as long as this shell lives: for the daemon, which asks what it pulls, and for the client, which asks for the tokens of a build.
trust() {
  printf '%s\n' "$2" >"$work/authorities/$1.pem" &&
    sudo -n install -D -m 0644 "$work/authorities/$1.pem" "$authorities/$1/zebu-$app.$$.crt" 2>"$work/error"
}

# log_in HOST USER NAME AUTHORITY: with the value of NAME in $tokens, lines of version files. Fails with $cause and $reason.
log_in() {
  if [ -n "$4" ] && ! trust "$1" "$4"; then
    cause=registry-untrusted reason="the authority of $1 cannot be put into $authorities: $(tail -n 1 "$work/error")"
    return 1
  fi
  token=
  eval "$(printf '%s\n' "$tokens" | assign token "$3" -)"
  [ -n "$token" ] || { cause=registry-denied reason="there is no value of $3 for $1"; return 1; }
  # By a builtin, through a pipe: in no list of processes.
  printf '%s' "$token" | DOCKER_CONFIG=$work/docker timeout 30 docker login --username "$2" --password-stdin "$1" >/dev/null 2>"$work/error"
  ended=$? token=
  [ $ended != 0 ] || return 0
  said=$(grep -v '^ *$' "$work/error" | tail -n 1 | sed 's/^Error response from daemon: //')
  [ -n "$said" ] || said='no answer within 30 s'
  case $said in
    *x509:*|*tls:*) cause=registry-untrusted reason="the certificate of $1 is not trusted: $said" ;;
    *nauthorized*|*denied*|*orbidden*|*ncorrect*|*' 401 '*|*' 403 '*) cause=registry-denied reason="$1 does not accept $2 with $3: $said" ;;
    *) cause=registry-away reason="$1 cannot be reached: $said" ;;
  esac
  return 1
}

# Also what shells that were killed have left.
forget_authorities() {
  for each in "$authorities"/*/"zebu-$app".*.crt; do
    pid=${each%.crt} pid=${pid##*.}
    [ -e "$each" ] || continue
    [ "$pid" = $$ ] || [ ! -d "/proc/$pid" ] || continue
    sudo -n rm -f "$each" 2>/dev/null
    sudo -n rmdir "$(dirname "$each")" 2>/dev/null
  done
}
