# shellcheck shell=sh
# What pull:status shows, as `key=value` lines, from files alone: nobody is asked.

cd "$base/pull" 2>/dev/null || exit 0
[ -f settings ] || exit 0
echo enabled=1
# shellcheck disable=SC1091 # written by zebu
. ./settings
printf 'repository=%s\nmode=%s\ntags=%s\nbranch=%s\nevery=%s\nplan_hash=%s\nunsigned=%s\nsigned_by=%s\nenabled_at=%s\n' \
  "$repository" "$mode" "$tags" "$branch" "$every" "$plan_hash" "$unsigned" "$signed_by" "$enabled_at"
[ ! -s id_ed25519.pub ] || printf 'key=%s\n' "$(cat id_ed25519.pub)"
[ ! -f state/last ] || sed 's/^/last_/' state/last
[ ! -f state/trouble ] || printf 'trouble=%s\n' "$(cat state/trouble)"
[ ! -f state/order ] || echo waiting=1
[ ! -f state/run ] || printf 'run=%s\n' "$(cat state/run)"
tail -n 20 state/refused.jsonl 2>/dev/null | sed 's/^/refused=/'
printf 'time=%s\n' "$(date +%s)"
exit 0
