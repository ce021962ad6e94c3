# shellcheck shell=sh
# Docker and Compose v2 for Debian and Ubuntu, $from the `distribution` or the repository of `docker`, as docs.docker.com/engine/install has
# it: the key over TLS is what its trust rests on. Right after the first boot, apt's own timers hold its lock for a minute or more.

set -e
apt() { sudo -n DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300 "$@"; }
there() { apt-cache show "$1" >/dev/null 2>&1; }

apt update
if [ "$from" = docker ]; then
  apt install -y ca-certificates curl git
  # shellcheck disable=SC1091 # of the machine it runs on
  . /etc/os-release
  sudo -n install -m 0755 -d /etc/apt/keyrings
  sudo -n curl -fsSL --connect-timeout 20 --retry 2 "https://download.docker.com/linux/$ID/gpg" -o /etc/apt/keyrings/docker.asc
  sudo -n chmod a+r /etc/apt/keyrings/docker.asc
  printf 'deb [arch=%s signed-by=/etc/apt/keyrings/docker.asc] https://download.docker.com/linux/%s %s stable\n' \
    "$(dpkg --print-architecture)" "$ID" "$VERSION_CODENAME" | sudo -n tee /etc/apt/sources.list.d/docker.list >/dev/null
  apt update
  apt install -y docker-ce docker-ce-cli containerd.io docker-buildx-plugin docker-compose-plugin
else
  set -- docker.io git
  for each in docker-cli docker-buildx; do if there $each; then set -- "$@" $each; fi; done
  if there docker-compose-v2; then set -- "$@" docker-compose-v2; else set -- "$@" docker-compose; fi
  apt install -y "$@"
fi
