# shellcheck shell=sh
# Which releases a mount of a container or volume points into, as Docker tells it: they are never removed.

# Reads whatever Docker says, and writes the ids of the releases whose folders are named in it.
named_releases() {
  LC_ALL=C awk -v top="$base/releases/" '
    {
      rest = $0
      while ((at = index(rest, top)) > 0) {
        rest = substr(rest, at + length(top))
        id = rest
        sub(/[^A-Za-z0-9._-].*/, "", id)
        if (id != "" && !(id in seen)) { seen[id] = 1; print id }
      }
    }'
}

volume_options() {
  volumes=$(timeout 120 docker volume ls -q) || return 1
  # shellcheck disable=SC2086 # ids, a word each
  [ -z "$volumes" ] || timeout 120 docker volume inspect --format '{{json .Options}}' $volumes
}

# The same of all containers, running or not and whosever they are (mounts, and the files they were made from), and of all
# volumes (options of their drivers). Fails when Docker does not say: then nothing may be removed.
used_releases() {
  # Beside each other: what takes long is the start of Docker's client.
  timeout 120 docker ps -a --no-trunc --format '{{.Mounts}}	{{.Labels}}' >"$1/used" 2>/dev/null 9>&- &
  containers=$!
  # Once more when one goes meanwhile.
  options=$({ volume_options || volume_options; } 2>/dev/null) || { wait $containers; return 1; }
  wait $containers || return 1
  printf '%s\n' "$options" >>"$1/used" || return 1
  named_releases <"$1/used"
}
