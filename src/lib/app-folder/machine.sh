# shellcheck shell=sh
# Prints `machine=CORES LOAD MEMORY_TOTAL MEMORY_AVAILABLE DISK_TOTAL DISK_USED DISK_AVAILABLE`, sizes in KiB.

printf 'machine=%s %s %s %s\n' "$(nproc)" "$(cut -d' ' -f1 /proc/loadavg)" \
  "$(awk '$1 == "MemTotal:" { t = $2 } $1 == "MemAvailable:" { a = $2 } END { print t, a }' /proc/meminfo)" \
  "$(df -Pk /var/lib/docker / 2>/dev/null | awk 'NR == 2 { print $2, $3, $4 }')"
