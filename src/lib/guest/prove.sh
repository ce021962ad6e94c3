# shellcheck shell=sh
# One round trip: waits for cloud-init, then runs Docker and Compose side by side (each start of the client costs seconds on an emulated
# machine), and makes zebu's folder $root for $user. A user who has just been added to the group docker runs them through `sg`,
# because this login does not have the group yet. Prints `key=value` lines.

work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
if command -v cloud-init >/dev/null 2>&1; then
  cloud-init status --wait --format json >"$work/ci" 2>/dev/null
  echo "cloudinit=$?"
  printf 'cloudinit_json=%s\n' "$(tr -d '\n' <"$work/ci")"
fi
command -v docker >/dev/null 2>&1 || { echo docker=missing; exit 0; }
if ! id -nG | tr ' ' '\n' | grep -qx docker && [ "$(id -u)" != 0 ]; then
  sudo -n usermod -aG docker "$user" && echo group=added || exit 0
  sg docker -c true 2>/dev/null || exit 0
  run() { sg docker -c "$1"; }
else
  run() { sh -c "$1"; }
fi
i=0
while [ ! -S /var/run/docker.sock ] && [ $i -lt 120 ]; do i=$((i+1)); sleep 0.5; done
run "docker version --format '{{.Server.Version}}'" >"$work/docker" 2>&1 & server=$!
run 'docker compose version --short' >"$work/compose" 2>&1 & compose=$!
wait $server && echo "docker=$(cat "$work/docker")" || echo "docker_error=$(tail -n 1 "$work/docker")"
wait $compose && echo "compose=$(cat "$work/compose")" || echo "compose_error=$(tail -n 1 "$work/compose")"
if [ -w "$root" ]; then :
elif sudo -n install -d -m 0755 -o "$user" -g "$user" "$root"; then echo folder=made
else echo "folder_error=$root"
fi
