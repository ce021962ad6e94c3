# shellcheck shell=sh
# Stops the app for a rebuild, which takes what serve-at-boot.ts gives, and starts it again. `rebuild-stopped` in its folder has the services
# that were stopped, so that also after the machine was off it is known what to start, and `rebuild-serve` does it then. What Compose says
# goes into a file: with nobody at the other end of the line it would be ended by its first word.

stop_all() {
  going=$(timeout 60 docker ps --filter "label=com.docker.compose.project=$project" --filter label=com.docker.compose.oneoff=False --format '{{.Label "com.docker.compose.service"}}' | sort -u) || return 1
  printf '%s' "$serve_program" >rebuild-serve && serve_at_boot || return 1
  printf '%s\n' "$going" >rebuild-stopped || return 1
  # shellcheck disable=SC2086 # names, each free of blanks
  [ -z "$going" ] || timeout 900 $compose_program --progress plain -p "$project" stop $going >rebuild-said 2>&1 || { tail -n 1 rebuild-said >&2; return 1; }
  # What app:run has started writes, too.
  left=$(timeout 60 docker ps -q --filter "label=com.docker.compose.project=$project") || return 1
  # shellcheck disable=SC2086 # ids, a word each
  [ -z "$left" ] || timeout 300 docker stop $left >/dev/null || return 1
  # shellcheck disable=SC2086 # names, each free of blanks
  [ -z "$going" ] || note_stopped $going
  sync
}

start_again() {
  [ -f rebuild-stopped ] || return 0
  going=$(cat rebuild-stopped)
  # shellcheck disable=SC2086 # names, each free of blanks
  if [ -n "$going" ]; then
    timeout 900 $compose_program --progress plain -p "$project" start $going >rebuild-said 2>&1 || { tail -n 1 rebuild-said >&2; return 1; }
    forget_stopped $going
  fi
  rm -f rebuild-stopped rebuild-said rebuild-serve
}
