# shellcheck shell=sh
# Logins for as long as images are pulled and built, and not longer.

# include ../app-folder/registry-login.sh
# Sets $printed to the file of tokens that a command printed where this was deployed from, for the run that it is by now (recover.sh); among
# the secrets, so that they are masked like those.
printed_tokens() { printed=$base/shared/secrets/registries-$run.env; }

# Where nobody answers, what is there already may do: whether it did not is known when something is to be pulled.
log_in_if_there() {
  log_in "$@" && return 0
  [ "$cause" = registry-away ] || return 1
  away="${away:+$away; }$reason" away_hosts="$away_hosts $1"
  logged echo "$reason: going on with the images that are there"
}

# blame_away WORDS: for what failed of it, which Docker says by naming the host: a build can also fail by itself.
blame_away() {
  for each in $away_hosts; do
    case $1 in *"$each"*) cause=registry-away reason="$away; $reason"; return ;; esac
  done
}

log_in_all() {
  away='' away_hosts=
  [ -n "$registries" ] || return 0
  begin login "logging in at $(echo "$registries" | sed 's/ /, /g')"
  printed_tokens
  tokens=$(cat "$printed" "$base/shared/secrets/$secrets" 2>/dev/null)
  # shellcheck disable=SC2086 # hosts, each free of blanks
  open_logins $registries || { cause=no-space reason='no space left in the VM'; return 1; }
  steady each_registry "$registries" log_in_if_there || return 1
  tokens='' cause='' reason=''
  export DOCKER_CONFIG="$work/docker" SSL_CERT_DIR="/etc/ssl/certs:$work/authorities"
}

# At the end of a run as well, however it ends. The folder stays for what was started with it and is not done yet.
log_out() {
  printed_tokens
  drop "$work/docker/config.json" "$printed"
  tokens=
  [ -z "$own_docker" ] || { export DOCKER_CONFIG="$own_docker"; unset SSL_CERT_DIR; }
  forget_authorities
}

# What runs that were killed have left.
forget_tokens() {
  printed_tokens
  for each in "$base/shared/secrets"/registries-*.env; do
    [ "$each" = "$printed" ] || drop "$each"
  done
}
