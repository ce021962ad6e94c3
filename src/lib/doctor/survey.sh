# shellcheck shell=sh
# One round trip into the VM that changes nothing: its clock, the versions of Docker and Compose, and the disks below / and Docker's folder.

echo "time=$(date +%s)"
echo "docker=$(docker version --format '{{.Server.Version}}' 2>&1 | tail -n 1)"
docker version >/dev/null 2>&1; echo "docker_status=$?"
echo "compose=$(docker compose version --short 2>&1 | tail -n 1)"
docker compose version >/dev/null 2>&1; echo "compose_status=$?"
root=$(docker info --format '{{.DockerRootDir}}' 2>/dev/null)
df -PB1 / "${root:-/}" 2>/dev/null | awk 'NR > 1 { print "disk_" NR "=" $2 " " $4 " " $6 }'
