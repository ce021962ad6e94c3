# shellcheck shell=sh
# How it stands with each receiver: `receiver=NAME OK FAILED TRIES NEXT DROPPED HOUR COUNTED WAITING WHY`, see read_state in queue.sh.

cd "$base/notify" 2>/dev/null || exit 0
for state in state/*; do
  case $state in *.said | *.new) continue ;; esac
  [ -f "$state" ] || continue
  name=${state##*/}
  set -- "queue/$name"/*
  [ -f "$1" ] || shift
  printf 'receiver=%s %s %s %s\n' "$name" "$(cat "$state")" $# "$(head -n 1 "$state.said" 2>/dev/null)"
done
exit 0
