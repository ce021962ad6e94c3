# shellcheck shell=sh
# MariaDB and MySQL, in the container: `dump` to standard output, `fill` from standard input, `ready`. Every database that is not the
# server's own, and of MariaDB the users that it does not have by then: those of the image it makes itself, with the passwords of today.

# include ./given.sh
first_of() { for each_program; do ! command -v "$each_program" || return 0; done 2>/dev/null; return 1; }
client=$(first_of mariadb mysql) dumper=$(first_of mariadb-dump mysqldump) admin=$(first_of mariadb-admin mysqladmin)
if [ -z "$client" ] || [ -z "$dumper" ] || [ -z "$admin" ]; then
  echo 'there is no client of MariaDB or MySQL in it' >&2
  exit 127
fi
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
    # Tablespaces want a right that the user of the image lacks, and are of no other server.
    all='--single-transaction --quick --routines --events --triggers --hex-blob --no-tablespaces --max-allowed-packet=1G'
    unset IFS
    # What MySQL has replicated is of no other server, either.
    ! "$dumper" --help 2>/dev/null | grep -q -e '--set-gtid-purged' || all="$all --set-gtid-purged=OFF"
    # shellcheck disable=SC2086 # options, a word each
    [ $# = 0 ] || "$dumper" -u "$user" $all --add-drop-database --databases "$@"
    if [ "$user" = root ] && "$dumper" --help 2>/dev/null | grep -q -e '--system='; then
      users=$("$dumper" -u root --system=users --insert-ignore)
      # With its grants MariaDB writes the password, which would be set again for a user who is there and has another one by now.
      printf '%s\n' "$users" | sed -e "/^GRANT /s/ IDENTIFIED BY PASSWORD '[^']*'//" -e "/^GRANT /s/ IDENTIFIED VIA [A-Za-z0-9_]* USING '[^']*'//"
    fi
    printf '\n-- the end\n'
    ;;
  fill)
    # Bytes are twice as long in a dump, so that a value which the server took may be too long for it.
    packet=$("$client" -u "$user" -N -B -e 'SELECT @@global.max_allowed_packet; SET GLOBAL max_allowed_packet = 1073741824' 2>/dev/null) || packet=
    "$client" -u "$user" --max-allowed-packet=1G
    filled=$?
    [ -z "$packet" ] || "$client" -u "$user" -e "SET GLOBAL max_allowed_packet = $packet" 2>/dev/null
    exit $filled
    ;;
esac
