# shellcheck shell=sh
# MariaDB and MySQL, in the container: `dump` to standard output, `fill` from standard input, `ready`. Every database that is not the
# server's own; users are made by the image.

# include ./given.sh
first_of() { for each_program; do ! command -v "$each_program" || return 0; done 2>/dev/null; return 1; }
client=$(first_of mariadb mysql) dumper=$(first_of mariadb-dump mysqldump) admin=$(first_of mariadb-admin mysqladmin)
MYSQL_PWD=$(given MARIADB_ROOT_PASSWORD)
[ -n "$MYSQL_PWD" ] || MYSQL_PWD=$(given MYSQL_ROOT_PASSWORD)
user=root
if [ -z "$MYSQL_PWD" ]; then
  MYSQL_PWD=$(given MARIADB_PASSWORD)
  [ -n "$MYSQL_PWD" ] || MYSQL_PWD=$(given MYSQL_PASSWORD)
  if [ -n "$MYSQL_PWD" ]; then
    user=$(given MARIADB_USER)
    [ -n "$user" ] || user=$(given MYSQL_USER)
  fi
fi
export MYSQL_PWD
[ -n "$MYSQL_PWD" ] || unset MYSQL_PWD

case $1 in
  # While an image makes its first database, the server is not yet the one that stays.
  ready)
    case $(cat /proc/1/comm) in mariadbd|mysqld) "$admin" -u "$user" ping >/dev/null 2>&1 ;; *) "$admin" -u "$user" -h 127.0.0.1 ping >/dev/null 2>&1 ;; esac
    ;;
  dump)
    set -e
    databases=$("$client" -u "$user" -N -B -e "SELECT schema_name FROM information_schema.schemata WHERE schema_name NOT IN ('mysql', 'information_schema', 'performance_schema', 'sys')")
    set -f
    IFS='
'
    # shellcheck disable=SC2086 # names, a line each
    set -- $databases
    [ $# = 0 ] || "$dumper" -u "$user" --single-transaction --quick --routines --events --triggers --hex-blob --add-drop-database --databases "$@"
    printf '\n-- the end\n'
    ;;
  fill) "$client" -u "$user" ;;
esac
