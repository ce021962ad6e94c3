# shellcheck shell=sh
# Redis and Valkey, in the container: `dump` to standard output as the server would write it, `settings` as `key=value`, `ready`. A
# password that was given as an argument comes as a line on standard input; else it is what the environment of the container says.

# include ./given.sh
client=redis-cli
! command -v valkey-cli >/dev/null 2>&1 || client=valkey-cli
own=${REDISCLI_AUTH:-}
IFS= read -r REDISCLI_AUTH || :
[ -n "$REDISCLI_AUTH" ] || REDISCLI_AUTH=$own
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
    # A replica that has just been started has no master yet, and one that loads its file answers nobody.
    tries=0
    while :; do
      said=$(ask --rdb "$made" 2>&1)
      case $said in *NOMASTERLINK*|*LOADING*) ;; *) break ;; esac
      tries=$((tries + 1))
      [ $tries -lt 30 ] || break
      sleep 2
    done
    if [ "$(head -c 5 "$made")" = REDIS ]; then cat "$made"; else printf '%s\n' "$said" | tail -n 1 >&2; exit 1; fi
    ;;
esac
