# shellcheck shell=sh
# How far the test $test_id is: `at=RECEIVER ANSWER` of each that was tried, and `waits=1` as long as nobody has taken what is new.

cd "$base" || exit 1
for answer in notify/tests/"$test_id"/*; do
  [ ! -f "$answer" ] || printf 'at=%s %s\n' "${answer##*/}" "$(head -n 1 "$answer")"
done
[ ! -e events/new ] || echo waits=1
exit 0
