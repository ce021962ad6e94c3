# shellcheck shell=sh
# Redis and Valkey, in the container: `dump` to standard output as the server would write it, `settings` as `key=value`, `ready`. A
# password that was given as an argument comes as a line on standard input.

# include ./given.sh
client=redis-cli
! command -v valkey-cli >/dev/null 2>&1 || client=valkey-cli
IFS= read -r REDISCLI_AUTH || :
for each in REDIS_PASSWORD VALKEY_PASSWORD; do [ -n "$REDISCLI_AUTH" ] || REDISCLI_AUTH=$(given $each); done
export REDISCLI_AUTH
[ -n "$REDISCLI_AUTH" ] || unset REDISCLI_AUTH
ask() { "$client" --no-auth-warning "$@"; }

case $1 in
  ready) [ "$(ask ping 2>/dev/null)" = PONG ] ;;
  settings)
    for each in dir dbfilename appendonly appendfilename appenddirname; do
      ask config get $each | sed -n "2s/^/$each=/p"
    done
    ;;
  dump)
    made=$(mktemp)
    trap 'rm -f "$made"' EXIT
    said=$(ask --rdb "$made" 2>&1)
    if [ "$(head -c 5 "$made")" = REDIS ]; then cat "$made"; else printf '%s\n' "$said" | tail -n 1 >&2; exit 1; fi
    ;;
esac
