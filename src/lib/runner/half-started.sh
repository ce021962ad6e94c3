# shellcheck shell=sh
# Containers that Docker was starting when it was killed.

# What containerd has kept of such a container is in the way of every later start of it, and of no other. Succeeds when there
# is another one, which has its volumes too.
half_started() {
  cut_off=$(last_line start-up | grep -E 'failed to create task for container.*(file|already) exists' | grep -oE '[0-9a-f]{64}' | tail -n 1)
  [ -n "$cut_off" ] || return 1
  service=$(timeout 60 docker inspect --format '{{index .Config.Labels "com.docker.compose.service"}}' "$cut_off" 2>/dev/null) && [ -n "$service" ] || return 1
  note wait "$service to be made anew: Docker was cut off while it started it"
  # What is rolled out has been made beside the old one, which goes on.
  if [ -s "$work/roll" ]; then timeout 120 docker rm -f "$cut_off" >/dev/null 2>&1
  else logged compose up -d --no-build --no-deps --force-recreate "$service"
  fi
}

# Succeeds when what made a start fail is out of the way. Else sets $cause and $reason when it is known.
mend_start() { forgotten_port || { [ -z "$reason" ] && half_started; }; }
