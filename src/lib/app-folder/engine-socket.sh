# shellcheck shell=sh
# Docker's engine asked through its socket: half of what a start of its client costs. For what a shell can read at a glance, or where there
# is nothing to be read; for all else there is the client.

engine_socket=/run/docker.sock

# Where Docker's client is told to talk to another engine, that one has the containers.
engine_near() {
  { [ -z "$DOCKER_HOST$DOCKER_CONTEXT" ] && [ -S "$engine_socket" ] && command -v curl >/dev/null 2>&1; } || return 1
  engine_settings=${DOCKER_CONFIG:-$HOME/.docker}/config.json
  [ ! -s "$engine_settings" ] || ! grep -q '"currentContext"' "$engine_settings"
}

# Nothing of it stands in a list of processes that is not in PATH: engine_api SECONDS PATH [OPTION...]
engine_api() {
  api_time=$1 api_path=$2
  shift 2
  curl -s --max-time "$api_time" --unix-socket "$engine_socket" "$@" "http://docker$api_path"
}

# Does what standard input says, METHOD PATH a line, one after the other over one connection, and prints the answers. With JSON, free of blanks,
# each is sent that: engine_calls SECONDS [JSON]
engine_calls() {
  api_body=
  [ -z "${2:-}" ] || api_body="header = \"Content-Type: application/json\"
data = $2
"
  while read -r api_method api_path; do
    printf 'next\nsilent\nmax-time = %s\nunix-socket = "%s"\nrequest = "%s"\nurl = "http://docker%s"\n%s' "$1" "$engine_socket" "$api_method" "$api_path" "$api_body"
  done | curl -K -
}

# A query that names what is the project's, encoded as a URL has it: project_filter [MORE], more members of the JSON.
project_filter() { printf 'filters=%%7B%s%%22label%%22%%3A%%5B%%22com.docker.compose.project%%3D%s%%22%s%%5D%%7D' "$1" "$project" "$2"; }

# Sets $ids to the containers of the project, the newest first, but for those that Compose makes for one command: project_containers [running]
project_containers() {
  if [ "${1:-}" = running ]; then of_all=-q api_all=0; else of_all=-aq api_all=1; fi
  if ! engine_near; then
    ids=$(timeout 120 docker ps $of_all --no-trunc --filter "label=com.docker.compose.project=$project" --filter label=com.docker.compose.oneoff=False)
    return
  fi
  api_said=$(engine_api 120 "/containers/json?all=$api_all&$(project_filter '' '%2C%22com.docker.compose.oneoff%3DFalse%22')" -f) || return 1
  # Between quotes: the first name in an object of the list. One in a label of that name stands behind another bracket.
  ids=$(
    set -f
    IFS='"' before=
    for word in $api_said; do
      case $before/$word in
        first/Id) before=name ;;
        name/:) before='colon' ;;
        colon/*[!0-9a-f]*|colon/) before= ;;
        colon/*) before='' ; printf '%s ' "$word" ;;
        */'[{'|*',{') before=first ;;
        *) before= ;;
      esac
    done
  )
}
