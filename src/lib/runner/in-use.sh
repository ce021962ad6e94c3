# shellcheck shell=sh
# Which releases a mount of a container or volume points into, as Docker tells it: they are never removed.

# Reads a file of whatever Docker says, and writes the ids of the releases whose folders are named in it, and a question mark for what it does
# not say; lines behind "own" go to another file: named_releases FILE [OWN]
named_releases() {
  LC_ALL=C awk -v top="$base/releases/" -v own="${2:-/dev/null}" '
    /^own\t/ { print substr($0, 5) >own }
    /^unknown$/ { print "?" }
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

uses_program='
# include ./uses.pl
'
# What all containers use, running or not and whosever they are: mounts, and the files they were made from. Of those of the project
# also, behind "own", what is asked for in $record_format, where there is one: list_uses FOLDER, into FOLDER/uses, which is not there when Docker
# does not say it.
list_uses() {
  if engine_near; then LC_ALL=C perl -e "$uses_program" "$engine_socket" 120 "$project"
  else
    own=
    [ -z "${record_format:-}" ] || own="{{if and (eq (.Label \"com.docker.compose.project\") \"$project\") (eq (.Label \"com.docker.compose.oneoff\") \"False\")}}own	$record_format
{{end}}"
    timeout 120 docker ps -a --no-trunc --format "$own{{json .Mounts}}	{{json .Labels}}"
  fi >"$1/uses" 2>/dev/null || { rm -f "$1/uses"; return 1; }
}

# The options of the drivers of all volumes.
volume_options() {
  volumes=$(timeout 120 docker volume ls -q) || return 1
  # shellcheck disable=SC2086 # ids, a word each
  [ -z "$volumes" ] || timeout 120 docker volume inspect --format '{{json .Options}}' $volumes
}

# The same of all containers and of all volumes, those in FOLDER/pointed where they were just listed: used_releases FOLDER
# Fails when Docker does not say: then nothing may be removed.
used_releases() {
  [ -e "$1/pointed" ] || { list_uses "$1" && named_releases "$1/uses" >"$1/pointed"; } || return 1
  # What is asked for through the socket has them in it.
  volumes_say=
  if ! engine_near; then
    # Once more when one goes meanwhile.
    volumes_say=$( { volume_options || volume_options; } 2>/dev/null ) || return 1
  fi
  printf '%s\n' "$volumes_say" >"$1/volumes" || return 1
  while read -r each; do
    [ "$each" != '?' ] || return 1
    printf '%s\n' "$each"
  done <"$1/pointed"
  case $volumes_say in *"$base/releases/"*) named_releases "$1/volumes" ;; esac
}
