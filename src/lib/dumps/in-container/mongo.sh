# shellcheck shell=sh
# MongoDB, in its container: `dump` to standard output, `fill` from standard input, `ready`. An archive of every database.

# include ./given.sh
action=$1
set -- --quiet
user=$(given MONGO_INITDB_ROOT_USERNAME)
if [ -n "$user" ]; then
  # No password in a list of processes.
  settings=$(umask 077 && mktemp)
  trap 'rm -f "$settings"' EXIT
  { printf 'password: "'; given MONGO_INITDB_ROOT_PASSWORD | sed -e 's/\\/\\\\/g' -e 's/"/\\"/g'; printf '"\n'; } >"$settings"
  set -- "$@" --config "$settings" --username "$user" --authenticationDatabase admin
fi
case $action in
  ready)
    [ "$(cat /proc/1/comm)" = mongod ] || exit 1
    shell=mongosh
    command -v mongosh >/dev/null || shell=mongo
    $shell --quiet --eval 'db.runCommand({ ping: 1 }).ok' >/dev/null 2>&1
    ;;
  dump) mongodump "$@" --archive ;;
  # Its users are made by the image, and of its own books it lets nobody drop any.
  fill) mongorestore "$@" --archive --drop --nsExclude 'admin.system.*' --nsExclude 'config.system.*' ;;
esac
