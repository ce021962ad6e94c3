# shellcheck shell=sh
# Who is told, of $receiver_table: name|key|how|events|target, a line each.

# receiver NAME: sets $how, $target, $key and $events.
# shellcheck disable=SC2034 # of the program that includes this
receiver() {
  while IFS='|' read -r each_name key how events target; do [ "$each_name" != "$1" ] || return 0; done <<END
$receiver_table
END
  return 1
}
