# shellcheck shell=sh
# Docker may be restarted underneath a deploy: by an upgrade, by hand, by the kernel when memory is short.

# Sets $engine_is, which changes when the engine is started anew, and when it is gone without having said so: its process, and since when that
# runs. Asked often, so that no program is started for it, nor a shell.
find_engine() {
  engine_pid='' engine_stat=''
  # The file ends without a newline, for which read fails.
  { read -r engine_pid </run/docker.pid || :; } 2>/dev/null
  # Where processes of others are hidden (hidepid) the file alone tells.
  { [ -n "$engine_pid" ] && read -r engine_stat <"/proc/$engine_pid/stat"; } 2>/dev/null || { engine_is=$(stat -c '%i %Y %Z' /run/docker.pid 2>/dev/null; echo gone); return; }
  # What stands behind the name of the program, which may hold blanks and brackets itself: the twentieth word is the start.
  # shellcheck disable=SC2086 # words
  set -- ${engine_stat##*)}
  shift 19
  engine_is="$engine_pid $1"
}

# Whether it is still the one that $engine_is had in it: is_engine WAS
is_engine() { find_engine; [ "$engine_is" = "$1" ]; }

# Waits for Docker, at most three minutes.
docker_back() {
  asked=0
  until timeout 20 docker version >/dev/null 2>&1; do
    asked=$((asked + 1))
    [ $asked -lt 90 ] || return 1
    [ $asked = 1 ] && note wait 'Docker to answer'
    sleep 2
  done
}

# A verdict holds for the engine it was given under: one that was restarted since has stopped every container, and it is
# given once more.
still_good() {
  ! is_engine "$judged_under" || return 0
  docker_back || { cause=docker-silent reason='Docker does not answer'; return 1; }
  steady bring_up 'Docker was restarted: once more'
}

# Does it again when the engine was restarted meanwhile.
steady() {
  round=0
  while :; do
    find_engine
    before=$engine_is
    "$@" && return 0
    [ $round -lt 3 ] || return 1
    round=$((round + 1))
    docker_back || { cause=docker-silent reason='Docker does not answer'; return 1; }
    is_engine "$before" && return 1
    note wait 'Docker, which was restarted; then once more'
  done
}
