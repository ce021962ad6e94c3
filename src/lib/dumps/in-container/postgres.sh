# shellcheck shell=sh
# PostgreSQL, in its container: `dump` to standard output, `fill` from standard input, `ready`. Roles with their passwords, and every
# database with all that is in it.

# include ./given.sh
PGUSER=$(given POSTGRES_USER) PGPASSWORD=$(given POSTGRES_PASSWORD)
PGUSER=${PGUSER:-postgres}
export PGUSER PGPASSWORD PGCONNECT_TIMEOUT=10
[ -n "$PGPASSWORD" ] || unset PGPASSWORD
query() { PGDATABASE=postgres psql -X -A -t -q -v ON_ERROR_STOP=1 -c "$1"; }

case $1 in
  # While an image makes its first database, the server is not yet the one that stays.
  ready) pg_isready -q -h 127.0.0.1 -t 3 || { [ "$(cat /proc/1/comm)" = postgres ] && pg_isready -q -t 3; } ;;
  dump)
    set -e
    printf '\\set ON_ERROR_STOP 1\n'
    roles=$(PGDATABASE=postgres pg_dumpall --roles-only)
    # Who is there already stays; what it may and its password are set all the same.
    printf '%s\n' "$roles" | sed -e '/^\\restrict /d' -e '/^\\unrestrict /d' -e 's/^CREATE ROLE .*/\\set ON_ERROR_STOP 0\n&\n\\set ON_ERROR_STOP 1/'
    query 'SELECT datname FROM pg_database WHERE NOT datistemplate AND datallowconn ORDER BY datname' | {
      while IFS= read -r database; do
        printf '\\connect template1\n'
        # shellcheck disable=SC2030 # each its own
        PGDATABASE=$database pg_dump --create --clean --if-exists </dev/null || exit 1
      done
    }
    printf '\n-- the end\n'
    ;;
  fill)
    set -e
    PGDATABASE=postgres psql -X -q -o /dev/null
    # The app comes with the password of today, which may be another one than that of the dump.
    # shellcheck disable=SC2031 # that of before
    [ -z "${PGPASSWORD:-}" ] || PGDATABASE=postgres psql -X -q -v ON_ERROR_STOP=1 <<'END'
\set password `printf %s "$PGPASSWORD"`
SELECT format('ALTER ROLE %I PASSWORD %L', current_user, :'password') \gexec
END
    ;;
esac
