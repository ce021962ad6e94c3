/** `distribution`: what Debian or Ubuntu packages; `docker`: Docker's own repository. */
export type DockerFrom = 'distribution' | 'docker';

export const ORIGIN: Readonly<Record<DockerFrom, string>> = {
  distribution: 'the distribution',
  docker: "Docker's repository",
};

/** Right after the first boot, apt's own timers hold its lock for a minute or more. */
const APT = 'sudo -n DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300';

const FROM_DISTRIBUTION = `
compose=docker-compose
apt-cache show docker-compose-v2 >/dev/null 2>&1 && compose=docker-compose-v2
client=
apt-cache show docker-cli >/dev/null 2>&1 && client=docker-cli
buildx=
apt-cache show docker-buildx >/dev/null 2>&1 && buildx=docker-buildx
${APT} install -y docker.io $client $buildx $compose git
`;

/** As docs.docker.com/engine/install has it for Debian and Ubuntu; the key over TLS is what its trust rests on. */
const FROM_DOCKER = `
${APT} install -y ca-certificates curl git
. /etc/os-release
sudo -n install -m 0755 -d /etc/apt/keyrings
sudo -n curl -fsSL --connect-timeout 20 --retry 2 "https://download.docker.com/linux/$ID/gpg" -o /etc/apt/keyrings/docker.asc
sudo -n chmod a+r /etc/apt/keyrings/docker.asc
printf 'deb [arch=%s signed-by=/etc/apt/keyrings/docker.asc] https://download.docker.com/linux/%s %s stable\\n' \\
  "$(dpkg --print-architecture)" "$ID" "$VERSION_CODENAME" | sudo -n tee /etc/apt/sources.list.d/docker.list >/dev/null
${APT} update
${APT} install -y docker-ce docker-ce-cli containerd.io docker-buildx-plugin docker-compose-plugin
`;

/** Docker and Compose v2 for Debian and Ubuntu. */
export function installScript(from: DockerFrom): string {
  return `
set -e
${APT} update
${from === 'docker' ? FROM_DOCKER : FROM_DISTRIBUTION}`;
}
