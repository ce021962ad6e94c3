# shellcheck shell=bash
# Step of the workflow, before anything is tried.

host=$ZEBU_PROXMOX_HOST port=$ZEBU_PROXMOX_PORT
# shellcheck disable=SC2016 # for the inner bash
if timeout 15 bash -c 'exec 3<>"/dev/tcp/$0/$1"' "$host" "$port" 2>/dev/null; then
  echo "$host:$port answers"
  exit 0
fi
{
  echo "### Proxmox cannot be reached at $host:$port"
  echo 'A host at home cannot be reached from a runner of GitHub. One of these three makes it work:'
  echo '1. a self-hosted runner in its network: zebu ci:init --runner self-hosted'
  echo '2. a step before this one that joins its network: WireGuard or Tailscale'
  echo '3. a public address, with rules on the host that admit only who has to come in'
} | tee -a "$GITHUB_STEP_SUMMARY"
echo "::error title=Proxmox cannot be reached::$host:$port does not answer from this runner. Use a self-hosted runner in its network, join its network (WireGuard, Tailscale), or give it a public address with rules on the host."
exit 1
