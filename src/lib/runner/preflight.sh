# shellcheck shell=sh
# Whether there is room, before anything is changed.

free_mb() { df -Pk "$1" 2>/dev/null | awk 'NR == 2 { print int($4 / 1024) }'; }

# Both at once, which is all there is to do where there is room.
is_room() { df -Pk "$base" /var/lib/docker 2>/dev/null | awk -v min="$min_free" 'NR > 1 && int($4 / 1024) < min { short = 1 } END { exit short }'; }

# Fails with $cause and $reason set. Old images and build cache are what is given up first.
check_room() {
  is_room || for place in "$base" /var/lib/docker; do
    free=$(free_mb "$place")
    [ -n "$free" ] || continue
    if [ "$free" -lt "$min_free" ]; then
      note wait "room: $free MiB are free in $place; removing old images and build cache"
      gone "$base/spare"
      prune_images
      prune_build_cache 0
      free=$(free_mb "$place")
    fi
    [ "$free" -ge "$min_free" ] || { cause=no-space reason="no space left: $free MiB are free in $place, deploy.min_free_mb is $min_free"; return 1; }
  done
  [ -s "$base/.reserve" ] || fallocate -l 8M "$base/.reserve" 2>/dev/null || head -c 8388608 /dev/zero >"$base/.reserve" || { rm -f "$base/.reserve"; cause=no-space reason='no space left in the VM'; return 1; }
  memory=$(awk '$1 == "MemAvailable:" || $1 == "SwapFree:" { sum += $2 } END { print int(sum / 1024) }' /proc/meminfo)
  [ "$memory" -ge "$min_memory" ] || { cause=no-memory reason="$memory MiB of memory are available, deploy.min_memory_mb is $min_memory"; return 1; }
}
