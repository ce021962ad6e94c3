/** A port that Docker does not give: whose it is, and what becomes of one that is nobody's. */
export const PORTS = String.raw`
# After Docker was cut off while it replaced a container it can come back holding the port for one that is gone, and no
# start succeeds until it is restarted. Succeeds when that was the case and was mended; else sets $reason when it is known.
forgotten_port() {
  port=$(last_line start-up | sed -n 's/.*:\([0-9][0-9]*\) failed: port is already allocated.*/\1/p')
  [ -n "$port" ] || return 1
  taken=$(timeout 60 docker ps --filter "publish=$port" --format '{{.Names}}') || return 1
  if [ -n "$taken" ]; then
    reason="port $port is taken by the container $(echo $taken)"
    return 1
  fi
  reason="Docker holds port $port for a container that is gone; it lets go when it is restarted: sudo systemctl restart docker"
  # Containers of others must not be stopped for it.
  [ "$(timeout 60 docker info --format '{{.LiveRestoreEnabled}}' 2>/dev/null)" = true ] || return 1
  note wait "Docker, which is restarted: it holds port $port for a container that is gone"
  timeout 120 sudo -n systemctl restart docker >/dev/null 2>&1 || return 1
  docker_back || { reason='Docker does not answer'; return 1; }
  reason=
}
`;
