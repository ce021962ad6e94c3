# shellcheck shell=sh
# What runs in the VM, a line each.

# shellcheck disable=SC1091 # of the machine it runs on
( . /etc/os-release && echo "$PRETTY_NAME, Linux $(uname -r) $(uname -m)" )
docker version --format 'Docker {{.Server.Version}}, client {{.Client.Version}}' 2>&1 | tail -n 1
echo "Compose $(docker compose version --short 2>&1 | tail -n 1)"
echo "buildx $(docker buildx version 2>&1 | tail -n 1)"
docker info --format 'storage {{.Driver}}, cgroup {{.CgroupVersion}}, {{.NCPU}} CPUs, {{.MemTotal}} bytes of memory' 2>&1 | tail -n 1
