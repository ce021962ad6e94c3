# shellcheck shell=sh
# `rotate.command`: the commands that change the data to a new secret, such as a database's password, and back.

# include ../app-folder/secrets/assign.sh
# The configured command that makes the data follow, its values over standard input: follow NAME SERVICE COMMAND OLD NEW
follow() {
  if [ -n "$2" ]; then
    container=$(timeout 120 docker ps -q --filter "label=com.docker.compose.project=$project" --filter "label=com.docker.compose.service=$2" --filter label=com.docker.compose.oneoff=False | head -n 1)
    [ -n "$container" ] || { echo "the service $2 does not run"; return 1; }
    follow_script "$@" | timeout "$timeout" docker exec -i "$container" sh
  else
    follow_script "$@" | ( cd "$tree" && heard timeout "$timeout" sh )
  fi
}
follow_script() {
  assign ZEBU_OLD "$1" "$4"
  assign ZEBU_NEW "$1" "$5"
  printf 'export ZEBU_OLD ZEBU_NEW\n{\n%s\n} </dev/null\n' "$3"
}

# follow_one N FROM TO: files of values.
follow_one() {
  eval "name=\$name_$1 service=\$service_$1 command=\$command_$1"
  touched=1
  logged follow "$name" "$service" "$command" "$2" "$3"
}

# All commands, from the values in $old_values to those in $new_values. How far they are is in the file "apply", for
# whoever finds it after a crash.
follow_all() {
  while [ "$begun" -lt "$commands" ]; do
    begun=$((begun + 1))
    eval "name=\$name_$begun"
    begin rotate "$name: the data follows"
    echo "begun=$begun" >>"$store/apply" && sync "$store/apply" 2>/dev/null
    follow_one "$begun" "$old_values" "$new_values" && continue
    cause=rotate-failed reason="rotate.command of $name failed with exit status $(cat "$work/status"): $(last_line rotate)"
    # By its own word it did nothing.
    begun=$((begun - 1))
    return 1
  done
}

# Takes back what was begun. Of a command that was interrupted nobody knows whether it was done: what cannot be taken
# back was not, or it is done once more and then taken back. Fails with $stuck set, and goes on with the others.
follow_back() {
  stuck=
  while [ "$begun" -gt 0 ]; do
    follow_one "$begun" "$new_values" "$old_values" ||
      { follow_one "$begun" "$old_values" "$new_values" && follow_one "$begun" "$new_values" "$old_values"; } ||
      stuck="the data could not be taken back: rotate.command of $name failed with exit status $(cat "$work/status"): $(last_line "$step")"
    begun=$((begun - 1))
  done
  [ -z "$stuck" ]
}

# Whether everything that has a command to take back can be told to.
can_follow_back() {
  n=$begun
  while [ "$n" -gt 0 ]; do
    eval "service=\$service_$n"
    n=$((n - 1))
    [ -z "$service" ] && continue
    [ -n "$(timeout 120 docker ps -q --filter status=running --filter "label=com.docker.compose.project=$project" --filter "label=com.docker.compose.service=$service" --filter label=com.docker.compose.oneoff=False)" ] || return 1
  done
}
