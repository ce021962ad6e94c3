# shellcheck shell=sh
# Docker's engine asked through its socket: a tenth of what a start of its client costs. For what a shell can read at a glance, or where there
# is nothing to be read; for all else there is the client.

engine_socket=/run/docker.sock
engine_program='
# include ./engine-calls.pl
'

# Where Docker's client is told to talk to another engine, that one has the containers.
engine_near() {
  { [ -z "$DOCKER_HOST$DOCKER_CONTEXT" ] && [ -S "$engine_socket" ] && command -v perl >/dev/null 2>&1; } || return 1
  engine_settings=${DOCKER_CONFIG:-$HOME/.docker}/config.json
  [ -s "$engine_settings" ] || return 0
  while IFS= read -r setting_ || [ -n "$setting_" ]; do
    case $setting_ in *'"currentContext"'*) return 1 ;; esac
  done <"$engine_settings"
}

# Does calls, METHOD PATH each, and prints the answers; fails for the first that the engine refuses: engine_api SECONDS CALL...
engine_api() { LC_ALL=C perl -e "$engine_program" "$engine_socket" "$@"; }

# The same of what standard input says, METHOD PATH [JSON] a line, whatever the answers say: engine_calls SECONDS
engine_calls() { LC_ALL=C perl -e "$engine_program" "$engine_socket" "$1"; }

# Whether the first words of a file, names of images, can be part of a path: are_names FILE
are_names() { while read -r named_ _; do case $named_ in *[!A-Za-z0-9._/:@-]*) return 1 ;; esac; done <"$1"; }

# Sets $api_query to one that names what is the project's, encoded as a URL has it: project_filter BEFORE BEHIND, more members of the JSON, and
# of the list of labels.
project_filter() { api_query="filters=%7B$1%22label%22%3A%5B%22com.docker.compose.project%3D$project%22$2%5D%7D"; }

# Sets $api_path to what lists the containers of the project, the newest first, but for those that Compose makes for one command: containers_path 0|1,
# with 1 not only those that run.
containers_path() {
  project_filter '' '%2C%22com.docker.compose.oneoff%3DFalse%22'
  api_path="/containers/json?all=$1&$api_query"
}

# Sets $ids to them: project_containers [running]
project_containers() {
  if [ "${1:-}" = running ]; then of_all=-q api_all=0; else of_all=-aq api_all=1; fi
  if ! engine_near; then
    ids=$(timeout 120 docker ps $of_all --no-trunc --filter "label=com.docker.compose.project=$project" --filter label=com.docker.compose.oneoff=False)
    return
  fi
  containers_path $api_all
  api_said=$(engine_api 120 "GET $api_path") || return 1
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
