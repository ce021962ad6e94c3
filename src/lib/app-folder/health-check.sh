# shellcheck shell=sh
# A container's health check, asked by whoever does not want to wait until Docker does: the same command in the same container.

# include ./engine-socket.sh
check_program='
# include ./health-check.pl
'
health_check() { LC_ALL=C perl -e "$check_program" "$engine_socket" "$@"; }

# What a container is checked with: sets $check, the JSON of a command, $allowed, the seconds it may take, and in milliseconds how often Docker
# asks: $every, and $early for the first $starting, 0 where that is not another time. Fails where there is none, and where a shell that the image
# has chosen would run it: check_of ID
check_of() {
  check_said=$(health_check 10 check "$1") && [ -n "$check_said" ] || return 1
  # What is left of the line is the command.
  read -r allowed every early starting check <<CHECK
$check_said
CHECK
}

# Runs $check once in a container. Succeeds when it ends with 0, and fails with 2 when it is not worth asking again: ask_once ID SECONDS
ask_once() { health_check "$2" ask "$1" "$check"; }
