# shellcheck shell=sh
# A port that Docker cannot publish: says which container has it, or frees one that Docker still holds for a container that is gone.

restart_docker() {
  if [ -d /run/systemd/system ]; then timeout 120 sudo -n systemctl restart docker
  # Whatever started it here starts it anew when it ends.
  else sudo -n kill "$(cat /run/docker.pid)"
  fi >/dev/null 2>&1
}

# Whether containers of nobody else stop with Docker.
may_restart_docker() {
  [ "$(timeout 60 docker info --format '{{.LiveRestoreEnabled}}' 2>/dev/null)" = true ] ||
    ! timeout 60 docker ps --format '{{.Label "com.docker.compose.project"}}' | grep -qvxF "$project"
}

# After Docker was cut off while it replaced a container it can come back holding the port for one that is gone, and no
# start succeeds until it is restarted. Succeeds when that was the case and was mended; else sets $cause and $reason when it is known.
forgotten_port() {
  port=$(last_line start-up | sed -n 's/.*:\([0-9][0-9]*\) failed: port is already allocated.*/\1/p')
  [ -n "$port" ] || return 1
  taken=$(timeout 60 docker ps --filter "publish=$port" --format '{{.Names}}') || return 1
  if [ -n "$taken" ]; then
    cause=port-taken reason="port $port is taken by the container $(printf '%s' "$taken" | tr '\n' ' ')"
    return 1
  fi
  cause=port-taken reason="Docker holds port $port for a container that is gone; it lets go when it is restarted: sudo systemctl restart docker"
  may_restart_docker || return 1
  note wait "Docker, which is restarted: it holds port $port for a container that is gone"
  find_engine
  was=$engine_is asked=0
  restart_docker || return 1
  # It answers once more while it ends.
  while is_engine "$was" && [ $asked -lt 100 ]; do asked=$((asked + 1)); sleep 0.2; done
  docker_back || { cause=docker-silent reason='Docker does not answer'; return 1; }
  cause='' reason=''
}
