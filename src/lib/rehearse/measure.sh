# shellcheck shell=sh
# What is used in the copy, in bytes: memory and swap there are, the disk of Docker, and the data that outlives releases.

awk '$1 == "MemTotal:" || $1 == "SwapTotal:" { sum += $2 } END { printf "memory=%.0f\n", sum * 1024 }' /proc/meminfo
root=$(timeout 60 docker info --format '{{.DockerRootDir}}' 2>/dev/null)
root=${root:-/var/lib/docker}
df -Pk "$root" | awk 'NR == 2 { printf "disk=%.0f\n", $3 * 1024 }'
du -sk "$root/volumes" "$base/shared" 2>/dev/null | awk '{ sum += $1 } END { printf "data=%.0f\n", sum * 1024 }'
