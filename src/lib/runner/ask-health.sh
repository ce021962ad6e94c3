# shellcheck shell=sh
# Docker asks a container's health check for the first time when its interval is over, which may be half a minute. What has just been
# started is asked here meanwhile, by the same command in the same container: one "well" is as good as another. That it is
# not well, and for how long that may be, only Docker decides.

engine_socket=/run/docker.sock

# Through the socket, so that a command with a secret in it stands in no list of processes: engine_api SECONDS PATH [OPTION...]
engine_api() {
  api_time=$1 api_path=$2
  shift 2
  curl -s --max-time "$api_time" --unix-socket "$engine_socket" "$@" "http://docker$api_path"
}

# Where Docker's client is told to talk to another engine, that one has the containers.
may_ask() { [ "$mode" != watch ] && [ -z "$DOCKER_HOST$DOCKER_CONTEXT" ] && [ -S "$engine_socket" ] && command -v curl >/dev/null 2>&1; }

# Runs $check, the JSON of a command, once in a container. Succeeds when it ends with 0, and fails with 2 when it is not worth asking again:
# ask_once ID SECONDS
ask_once() {
  api_said=$(printf '{"Cmd":%s,"AttachStdout":true,"AttachStderr":true}' "$check" | engine_api 10 "/containers/$1/exec" -H 'Content-Type: application/json' --data-binary @-)
  case $api_said in *'"Id":"'*) ;; *) return 1 ;; esac
  api_said=${api_said#*'"Id":"'}
  exec_id=${api_said%%'"'*}
  case $exec_id in ''|*[!0-9a-f]*) return 2 ;; esac
  # One that hangs is not started a second time.
  engine_api "$2" "/exec/$exec_id/start" -H 'Content-Type: application/json' -d '{"Detach":false,"Tty":false}' >/dev/null || return 2
  api_said=$(engine_api 10 "/exec/$exec_id/json")
  case $api_said in *'"Running":true'*) return 1 ;; *'"ExitCode":0,'*) return 0 ;; *) return 1 ;; esac
}

# Until it is well: ask_health ID STARTED SERVICE. A command of a shell that the image has chosen is left to Docker.
ask_health() {
  # shellcheck disable=SC2016 # a template of Docker's
  check=$(timeout 60 docker inspect --format '{{with .Config.Healthcheck}}{{printf "%d" .Timeout}} {{if ne (index .Test 0) "CMD-SHELL"}}{{json (slice .Test 1)}}{{else if not $.Config.Shell}}["/bin/sh","-c",{{json (index .Test 1)}}]{{end}}{{end}}' "$1") || return
  allowed=${check%% *} check=${check#* }
  case $allowed in ''|*[!0-9]*) return ;; esac
  case $check in '["'*) ;; *) return ;; esac
  allowed=$((allowed / 1000000000))
  [ $allowed -gt 0 ] || allowed=30
  asks=0
  while :; do
    ask_once "$1" "$allowed" && break
    [ $? != 2 ] || return
    asks=$((asks + 1))
    case $asks in 1|2) sleep 0.2 ;; 3|4) sleep 0.5 ;; 5|6) sleep 1 ;; *) sleep 2 ;; esac
  done
  printf '%s\n' "$1|$2|$3" >>"$work/answered"
  # For how long nobody answered, and for who waits for an event.
  [ ! -e "$work/events" ] || printf '%s %s %s health_status: healthy\n' "$(date +%s%N)" "$3" "$1" >>"$work/events"
}

# Asks those of $work/now that Docker has not asked yet, a few at a time.
ask_starting() {
  may_ask || return 0
  while IFS='|' read -r asked_service asked_state asked_health _ _ _ asked_since meant_for _ asked_id _; do
    case $asked_state/$asked_health/$meant_for in running/starting/job|running/starting/awaited) continue ;; running/starting/*) ;; *) continue ;; esac
    case $asking in *" $asked_id|$asked_since "*) continue ;; esac
    askers_left='' asked_now=0
    for each in $askers; do ! kill -0 "$each" 2>/dev/null || { askers_left="$askers_left $each"; asked_now=$((asked_now + 1)); }; done
    askers=$askers_left
    [ $asked_now -lt 8 ] || return 0
    asking="$asking $asked_id|$asked_since "
    ask_health "$asked_id" "$asked_since" "$asked_service" >/dev/null 2>&1 </dev/null 9>&- &
    askers="$askers $!"
  done <"$work/now"
}

stop_asking() {
  # shellcheck disable=SC2086 # numbers, a word each
  [ -z "$askers" ] || kill $askers 2>/dev/null
  askers='' asking=''
}

# For app:status, as long as Docker has not asked: SERVICE|STARTED, a line each.
note_answered() {
  [ -s "$work/answered" ] || return 0
  while IFS='|' read -r _ asked_since asked_service; do printf '%s|%s\n' "$asked_service" "$asked_since"; done <"$work/answered" >"$release/answered"
}
