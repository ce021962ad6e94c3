# shellcheck shell=sh
# Whether there is room, before anything is changed.

free_mb() { df -Pk "$1" 2>/dev/null | awk 'NR == 2 { print int($4 / 1024) }'; }

# Both at once, which is all there is to do where there is room.
is_room() {
  df -Pk "$base" /var/lib/docker >"$work/room" 2>/dev/null || :
  [ -s "$work/room" ] && {
    read -r _ || :
    while read -r _ _ _ free _; do [ $((free / 1024)) -ge "$min_free" ] || return 1; done
  } <"$work/room"
}

# Sets $memory, in MiB: what can be had, also by swapping.
read_memory() {
  memory=0
  while read -r name kib _; do
    case $name in MemAvailable:|SwapFree:) memory=$((memory + kib)) ;; esac
    # What comes behind it is not asked for.
    [ "$name" != SwapFree: ] || break
  done </proc/meminfo
  memory=$((memory / 1024))
}

# Fails with $cause and $reason set. Old images and build cache are what is given up first.
check_room() {
  is_room || for place in "$base" /var/lib/docker; do
    free=$(free_mb "$place")
    [ -n "$free" ] || continue
    if [ "$free" -lt "$min_free" ]; then
      note wait "room: $free MiB are free in $place; removing old images and build cache"
      gone "$base/spare" "$base"/.gone.*
      prune_images
      prune_build_cache 0
      free=$(free_mb "$place")
    fi
    [ "$free" -ge "$min_free" ] || { cause=no-space reason="no space left: $free MiB are free in $place, deploy.min_free_mb is $min_free"; return 1; }
  done
  [ -s "$base/.reserve" ] || fallocate -l 8M "$base/.reserve" 2>/dev/null || head -c 8388608 /dev/zero >"$base/.reserve" || { rm -f "$base/.reserve"; cause=no-space reason='no space left in the VM'; return 1; }
  read_memory
  [ "$memory" -ge "$min_memory" ] || { cause=no-memory reason="$memory MiB of memory are available, deploy.min_memory_mb is $min_memory"; return 1; }
}
