# shellcheck shell=sh
# A container's health check, asked by whoever does not want to wait until Docker does: the same command in the same container.

# include ./engine-socket.sh
# What a container is checked with: sets $check, the JSON of a command, and $allowed, the seconds it may take. Fails where there is none, and
# where a shell that the image has chosen would run it: check_of ID
check_of() {
  # shellcheck disable=SC2016 # a template of Docker's
  check=$(timeout 60 docker inspect --format '{{with .Config.Healthcheck}}{{printf "%d" .Timeout}} {{if ne (index .Test 0) "CMD-SHELL"}}{{json (slice .Test 1)}}{{else if not $.Config.Shell}}["/bin/sh","-c",{{json (index .Test 1)}}]{{end}}{{end}}' "$1") || return 1
  allowed=${check%% *} check=${check#* }
  case $allowed in ''|*[!0-9]*) return 1 ;; esac
  case $check in '["'*) ;; *) return 1 ;; esac
  allowed=$((allowed / 1000000000))
  [ $allowed -gt 0 ] || allowed=30
}

# Runs $check, the JSON of a command, once in a container. Succeeds when it ends with 0, and fails with 2 when it is not worth asking again:
# ask_once ID SECONDS
ask_once() {
  api_said=$(printf 'POST /containers/%s/exec {"Cmd":%s,"AttachStdout":true,"AttachStderr":true}\n' "$1" "$check" | engine_calls 10)
  case $api_said in
    *'"Id":"'*) ;;
    *'No such container'*|*'is not running'*) return 2 ;;
    *) return 1 ;;
  esac
  api_said=${api_said#*'"Id":"'}
  exec_id=${api_said%%'"'*}
  case $exec_id in ''|*[!0-9a-f]*) return 2 ;; esac
  # One that hangs is not started a second time.
  printf 'POST /exec/%s/start {"Detach":false,"Tty":false}\n' "$exec_id" | engine_calls "$2" >/dev/null || return 2
  api_said=$(engine_api 10 "GET /exec/$exec_id/json")
  case $api_said in *'"Running":true'*) return 1 ;; *'"ExitCode":0,'*) return 0 ;; *) return 1 ;; esac
}
