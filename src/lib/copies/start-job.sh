# shellcheck shell=sh
# Starts $base.sh as $user, apart from who starts it: $base.out has what it says, $base.code its exit status once it has ended.
# It is started once, however often this is asked for.

[ ! -e "$base.pid" ] || exit 0
: >"$base.out"
# shellcheck disable=SC2016 # the words of another shell
setsid sh -c 'echo $$ >"$1.pid"; runuser -u "$2" -- sh "$1.sh" >>"$1.out" 2>&1 </dev/null; echo $? >"$1.code.new"; mv "$1.code.new" "$1.code"' _ "$base" "$user" >/dev/null 2>&1 </dev/null &
tries=0
until [ -s "$base.pid" ] || [ $tries -ge 100 ]; do
  tries=$((tries + 1))
  sleep 0.05
done
[ -s "$base.pid" ]
