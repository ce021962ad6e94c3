import type { Shell } from './guest-shell.js';

/** Images of databases, made in a guest of Debian's packages, that behave as the official ones do. Wants a mirror. */
export const IMAGES = {
  mariadb: 'mariadb:11',
  postgres: 'postgres:17',
  redis: 'redis:8',
  /** As one without a shell and without its client. */
  bare: 'redis:bare',
  valkey: 'valkey/valkey:8',
  sqlite: 'notes:1',
} as const;

/** Debian's packages of them. */
const PACKAGES: Readonly<Record<keyof typeof IMAGES, string>> = {
  mariadb: 'mariadb-server-core mariadb-client-core mariadb-client',
  postgres: 'postgresql-17',
  redis: 'redis-server redis-tools',
  bare: 'redis-server',
  valkey: 'valkey-server valkey-tools',
  sqlite: 'sqlite3',
};

/** In a folder that becomes the image: programs with the libraries they need, and a shell. */
const COLLECT = `
rootfs=$(mktemp -d)
put() { for each; do [ ! -e "$each" ] || { mkdir -p "$rootfs$(dirname "$each")"; cp -aL "$each" "$rootfs$each"; }; done; }
bring() {
  for each; do
    put "$each"
    put $(ldd "$each" 2>/dev/null | grep -o '/[^ ]*')
  done
}
mkdir -p "$rootfs/bin" "$rootfs/tmp" "$rootfs/etc" "$rootfs/run" "$rootfs/proc" "$rootfs/var/tmp"
chmod 1777 "$rootfs/tmp" "$rootfs/var/tmp"
cp "$(command -v busybox)" "$rootfs/bin/busybox"
for each in $(busybox --list); do [ "$each" = busybox ] || ln -s busybox "$rootfs/bin/$each"; done
bring /usr/bin/setpriv
printf 'root:x:0:0::/:/bin/sh\\ndb:x:999:999::/tmp:/bin/sh\\n' >"$rootfs/etc/passwd"
printf 'root:x:0:\\ndb:x:999:\\n' >"$rootfs/etc/group"
import() { chmod 755 "$rootfs" "$rootfs/entry.sh"; name=$1; shift; tar -c -C "$rootfs" . | docker import "$@" -c 'ENTRYPOINT ["/entry.sh"]' - "$name" >/dev/null; rm -rf "$rootfs"; }
`;

/** As root it gives the folder to who is to have it. */
const AS_USER =
  'if [ "$(id -u)" = 0 ]; then mkdir -p "$data" && chown -R 999:999 "$data" && exec /usr/bin/setpriv --reuid=999 --regid=999 --clear-groups "$0" "$@"; fi';

const keyValue = (name: 'redis' | 'valkey', environment: string): string => `
bring $(readlink -f /usr/bin/${name}-server) /usr/bin/${name}-server /usr/bin/${name}-cli
cat >"$rootfs/entry.sh" <<'ENTRY'
#!/bin/sh
set -e
data=/data
AS_USER
cd /data
exec "$@"
ENTRY
import ${IMAGES[name]} -c '${environment}' -c 'VOLUME /data' -c 'CMD ["${name}-server"]'
`;

const MAKE: Readonly<Record<keyof typeof IMAGES, string>> = {
  postgres: `
bin=/usr/lib/postgresql/17/bin
bring $bin/postgres $bin/initdb $bin/pg_ctl $bin/psql $bin/pg_dump $bin/pg_dumpall $bin/pg_isready $bin/createdb
cp -aL --parents /usr/share/postgresql/17 /usr/share/zoneinfo "$rootfs"
mkdir -p "$rootfs/usr/lib/postgresql/17/lib" "$rootfs/var/run/postgresql"
chmod 1777 "$rootfs/var/run/postgresql"
for each in plpgsql dict_snowball libpqwalreceiver; do bring /usr/lib/postgresql/17/lib/$each.so; done
cat >"$rootfs/entry.sh" <<'ENTRY'
#!/bin/sh
set -e
data=$PGDATA
case $1 in postgres|-*) ;; *) exec "$@" ;; esac
AS_USER
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  printf '%s\\n' "$POSTGRES_PASSWORD" >/tmp/password
  initdb -U "$POSTGRES_USER" --pwfile=/tmp/password --auth=scram-sha-256 -E UTF8 --locale=C >/dev/null
  rm /tmp/password
  echo 'host all all all scram-sha-256' >>"$PGDATA/pg_hba.conf"
  export PGPASSWORD=$POSTGRES_PASSWORD
  # While it makes its first database, nobody outside is to take it for the one that stays.
  pg_ctl -w -o "-c listen_addresses=''" start >/dev/null
  createdb -U "$POSTGRES_USER" -O "$POSTGRES_USER" "$POSTGRES_DB"
  sleep 2
  pg_ctl -w -m fast stop >/dev/null
fi
exec postgres -c listen_addresses='*'
ENTRY
import ${IMAGES.postgres} -c 'ENV PG_MAJOR=17 PGDATA=/var/lib/postgresql/data PATH=/usr/lib/postgresql/17/bin:/bin:/usr/bin' -c 'VOLUME /var/lib/postgresql/data' -c 'CMD ["postgres"]' -c 'STOPSIGNAL SIGINT'
`,
  mariadb: `
bring /usr/sbin/mariadbd /usr/bin/mariadb /usr/bin/mariadb-dump /usr/bin/mariadb-admin
for each in /usr/share/mysql /usr/share/mariadb; do [ ! -d $each ] || cp -aL --parents $each "$rootfs"; done
mkdir -p "$rootfs/run/mysqld"; chmod 1777 "$rootfs/run/mysqld"
cat >"$rootfs/entry.sh" <<'ENTRY'
#!/bin/sh
set -e
data=/var/lib/mysql
case $1 in mariadbd|-*) ;; *) exec "$@" ;; esac
AS_USER
share=/usr/share/mariadb
[ -f $share/mysql_system_tables.sql ] || [ -f $share/mariadb_system_tables.sql ] || share=/usr/share/mysql
common="--datadir=$data --socket=/run/mysqld/mysqld.sock --lc-messages-dir=$share"
value() { eval "said=\\$$1 file=\\$$1_FILE"; if [ -n "$file" ]; then said=$(cat "$file"); fi; printf '%s' "$said" | sed -e "s/[\\\\\\\\']/\\\\\\\\&/g"; }
if [ ! -d "$data/mysql" ]; then
  { printf '%s\\n' 'create database if not exists mysql;' 'use mysql;' 'set @auth_root_socket=NULL;' 'set @skip_auth_anonymous=1;'; for each in system_tables performance_tables system_tables_data; do cat $share/mariadb_$each.sql $share/mysql_$each.sql 2>/dev/null || :; done; } >/tmp/system.sql
  mariadbd $common --bootstrap --skip-networking --skip-log-bin </tmp/system.sql >/tmp/said 2>&1 || { cat /tmp/said; exit 1; }
  # While it makes its first database, nobody outside is to take it for the one that stays.
  mariadbd $common --skip-networking >/tmp/said 2>&1 &
  server=$!
  until mariadb -u root -e 'select 1' >/dev/null 2>&1; do kill -0 $server || { cat /tmp/said; exit 1; }; sleep 0.2; done
  {
    echo "DELETE FROM mysql.global_priv WHERE user NOT IN ('mariadb.sys', 'root') OR (user = 'root' AND host <> 'localhost'); FLUSH PRIVILEGES;"
    echo "CREATE OR REPLACE USER root@'%' IDENTIFIED BY '$(value MARIADB_ROOT_PASSWORD)'; GRANT ALL ON *.* TO root@'%' WITH GRANT OPTION;"
    [ -z "$MARIADB_DATABASE" ] || echo "CREATE DATABASE $MARIADB_DATABASE;"
    [ -z "$MARIADB_USER" ] || echo "CREATE USER $MARIADB_USER@'%' IDENTIFIED BY '$(value MARIADB_PASSWORD)'; GRANT ALL ON $MARIADB_DATABASE.* TO $MARIADB_USER@'%';"
    echo "CREATE OR REPLACE USER root@localhost IDENTIFIED BY '$(value MARIADB_ROOT_PASSWORD)'; GRANT ALL ON *.* TO root@localhost WITH GRANT OPTION;"
  } >/tmp/users.sql
  mariadb -u root </tmp/users.sql
  rm /tmp/users.sql
  kill $server
  wait $server || :
fi
exec mariadbd $common --bind-address=0.0.0.0
ENTRY
printf '[client-server]\\nsocket=/run/mysqld/mysqld.sock\\n' >"$rootfs/etc/my.cnf"
mkdir -p "$rootfs/etc/mysql"; ln -s /etc/my.cnf "$rootfs/etc/mysql/my.cnf"; ln -s /etc/my.cnf "$rootfs/etc/mysql/mariadb.cnf"
import ${IMAGES.mariadb} -c 'ENV MARIADB_VERSION=1:11.8 PATH=/usr/sbin:/usr/bin:/bin' -c 'VOLUME /var/lib/mysql' -c 'CMD ["mariadbd"]'
`,
  redis: keyValue('redis', 'ENV REDIS_VERSION=8.0 PATH=/usr/bin:/bin'),
  valkey: keyValue('valkey', 'ENV VALKEY_VERSION=8.1 PATH=/usr/bin:/bin'),
  bare: `
rm -rf "$rootfs/bin"
bring /usr/bin/redis-server
mkdir -p "$rootfs/data"
tar -c -C "$rootfs" . | docker import -c 'ENTRYPOINT ["/usr/bin/redis-server"]' -c 'CMD ["--save", ""]' -c 'VOLUME /data' - ${IMAGES.bare} >/dev/null
`,
  sqlite: `
bring /usr/bin/sqlite3
cat >"$rootfs/entry.sh" <<'ENTRY'
#!/bin/sh
exec "$@"
ENTRY
import ${IMAGES.sqlite} -c 'ENV PATH=/usr/bin:/bin' -c 'CMD ["sleep", "1000000"]'
`,
};

/** @param proxy address of a mirror for a guest that has no way out: `http://192.0.2.1:3128` */
export async function makeDatabaseImages(
  guest: Shell,
  proxy: string,
  names: readonly (keyof typeof IMAGES)[],
): Promise<void> {
  // The mirror is in this process.
  await guest.later(`set -e
echo 'Acquire::http::Proxy "${proxy}";' | sudo tee /etc/apt/apt.conf.d/99test >/dev/null
printf '#!/bin/sh\\nexit 101\\n' | sudo tee /usr/sbin/policy-rc.d >/dev/null; sudo chmod 755 /usr/sbin/policy-rc.d
sudo apt-get update -qq >/dev/null
sudo DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends busybox-static ${names.map((name) => PACKAGES[name]).join(' ')} >/dev/null 2>&1`);
  for (const name of names) await guest.later(`set -e\n${COLLECT}${MAKE[name].split('AS_USER').join(AS_USER)}`);
}
