# shellcheck shell=sh
# Sets $compose_program: Compose itself where it is found, else `docker compose`. To carry out that, the client of Docker starts each plugin
# that it has, asks it what it is, and only then the one: twice as much as what is mostly asked of Compose. Looked for where Docker
# looks, in the same order.

find_compose() {
  compose_program='docker compose'
  own=${DOCKER_CONFIG:-${HOME:-}/.docker}
  # Somebody may have told Docker of other folders.
  [ ! -s "$own/config.json" ] || ! grep -q cliPluginsExtraDirs "$own/config.json" || return 0
  for each in "$own/cli-plugins" /usr/local/lib/docker/cli-plugins /usr/local/libexec/docker/cli-plugins /usr/lib/docker/cli-plugins /usr/libexec/docker/cli-plugins; do
    [ -x "$each/docker-compose" ] || continue
    # It stands for words of a command line.
    case $each in *[!A-Za-z0-9/._-]*) ;; *) compose_program=$each/docker-compose ;; esac
    return
  done
}
find_compose
