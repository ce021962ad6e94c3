# shellcheck shell=sh
# Which releases a mount of a container or volume points into, as Docker tells it: they are never removed.

# Reads a file of whatever Docker says, and writes the ids of the releases whose folders are named in it; lines behind "own" go to another
# file: named_releases FILE [OWN]
named_releases() {
  LC_ALL=C awk -v top="$base/releases/" -v own="${2:-/dev/null}" '
    /^own\t/ { print substr($0, 5) >own }
    {
      rest = $0
      while ((at = index(rest, top)) > 0) {
        rest = substr(rest, at + length(top))
        id = rest
        sub(/[^A-Za-z0-9._-].*/, "", id)
        if (id != "" && !(id in seen)) { seen[id] = 1; print id }
      }
    }' "$1"
}

# What all containers use, running or not and whosever they are: mounts, and the files they were made from. Of those of the project
# also, behind "own", what is asked for: list_uses FOLDER [FORMAT], into FOLDER/uses, which is not there when Docker does not say it.
list_uses() {
  own=
  [ -z "$2" ] || own="{{if and (eq (.Label \"com.docker.compose.project\") \"$project\") (eq (.Label \"com.docker.compose.oneoff\") \"False\")}}own	$2
{{end}}"
  timeout 120 docker ps -a --no-trunc --format "$own{{json .Mounts}}	{{json .Labels}}" >"$1/uses" 2>/dev/null || { rm -f "$1/uses"; return 1; }
}

# The options of the drivers of all volumes.
volume_options() {
  if engine_near; then engine_api 120 'GET /volumes'; return; fi
  volumes=$(timeout 120 docker volume ls -q) || return 1
  # shellcheck disable=SC2086 # ids, a word each
  [ -z "$volumes" ] || timeout 120 docker volume inspect --format '{{json .Options}}' $volumes
}

# The same of all containers and of all volumes, those in FOLDER/pointed where they were just listed: used_releases FOLDER
# Fails when Docker does not say: then nothing may be removed.
used_releases() {
  [ -e "$1/pointed" ] || { list_uses "$1" && named_releases "$1/uses" >"$1/pointed"; } || return 1
  # Once more when one goes meanwhile.
  volumes_say=$( { volume_options || volume_options; } 2>/dev/null ) || return 1
  printf '%s\n' "$volumes_say" >"$1/volumes" || return 1
  while read -r each; do printf '%s\n' "$each"; done <"$1/pointed"
  case $volumes_say in *"$base/releases/"*) named_releases "$1/volumes" ;; esac
}
