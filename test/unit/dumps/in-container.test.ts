import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import MYSQL from '../../../src/lib/dumps/in-container/mysql.sh';
import POSTGRES from '../../../src/lib/dumps/in-container/postgres.sh';
import REDIS from '../../../src/lib/dumps/in-container/redis.sh';
import { runIn, standIns, vmShells } from '../../support/shells.js';

/**
 * What runs in the containers of databases, by the shell that is there: many images are Alpine's, whose shell and programs are those of
 * busybox. With the real servers, in Debian's images, it is tried in test/integration/data.
 */
describe.each(vmShells())('in a container, by $name', { timeout: 60_000 }, (shell) => {
  const run = (
    program: string,
    action: string,
    programs: Readonly<Record<string, string>>,
    env: Readonly<Record<string, string>> = {},
    input = '',
  ) => {
    const folder = mkdtempSync(join(tmpdir(), 'zebu-inside-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const note = `{ printf '%s' "\${0##*/}"; printf '|%s' "$@"; echo; } >>'${folder}/calls'`;
    standIns(folder, Object.fromEntries(Object.entries(programs).map(([name, body]) => [name, `${note}\n${body}`])));
    writeFileSync(join(folder, 'calls'), '');
    const ran = runIn(shell, program, {
      args: [action],
      env: { PATH: folder, HERE: folder, TMPDIR: folder, ...env },
      input,
    });
    const calls = readFileSync(join(folder, 'calls'), 'utf8').trim().split('\n');
    return { ...ran, calls, folder };
  };

  describe('PostgreSQL', () => {
    const SERVER = {
      pg_dumpall: `printf '%s\\n' '\\restrict x' 'CREATE ROLE app;' "ALTER ROLE app WITH PASSWORD 'md5';" '\\unrestrict x'`,
      psql: `printf 'app\\nmy db\\n'`,
      pg_dump: 'echo "-- $PGDATABASE as $PGUSER with ${PGPASSWORD:-none}"; [ "$PGDATABASE" != "${BROKEN:-}" ]',
    };

    it('is dumped with its roles, who may be there already, and every database', () => {
      const { code, stdout, stderr } = run(POSTGRES, 'dump', SERVER, { POSTGRES_USER: 'ann', POSTGRES_PASSWORD: 'x' });
      expect([code, stderr]).toEqual([0, '']);
      expect(stdout.split('\n')).toEqual([
        '\\set ON_ERROR_STOP 1',
        '\\set ON_ERROR_STOP 0',
        'CREATE ROLE app;',
        '\\set ON_ERROR_STOP 1',
        "ALTER ROLE app WITH PASSWORD 'md5';",
        '\\connect template1',
        '-- app as ann with x',
        '\\connect template1',
        '-- my db as ann with x',
        '',
        '-- the end',
        '',
      ]);
    });

    it('is not dumped to the end where one database fails', () => {
      const { code, stdout } = run(POSTGRES, 'dump', SERVER, { BROKEN: 'app' });
      expect(code).not.toBe(0);
      expect(stdout).not.toContain('-- my db');
      expect(stdout).not.toContain('the end');
    });

    it('has the password of today after it was filled, from a file as well, and none where there is none', () => {
      const psql = { psql: `cat; printf '%s' "\${PGPASSWORD:-none}" >"$HERE/word"` };
      const restored = run(POSTGRES, 'fill', psql, { POSTGRES_PASSWORD_FILE: '/nonexistent' }, 'rows\n');
      expect([restored.calls, restored.stdout]).toEqual([['psql|-X|-q|-o|/dev/null'], 'rows\n']);
      const folder = mkdtempSync(join(tmpdir(), 'zebu-word-'));
      onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
      writeFileSync(join(folder, 'word'), `a'b"c $d`);
      const filled = run(POSTGRES, 'fill', psql, { POSTGRES_PASSWORD_FILE: join(folder, 'word') }, 'rows\n');
      expect(filled.calls).toEqual(['psql|-X|-q|-o|/dev/null', 'psql|-X|-q|-v|ON_ERROR_STOP=1']);
      expect(filled.stdout).toContain('\\set password `printf %s "$PGPASSWORD"`\n');
      expect(readFileSync(join(filled.folder, 'word'), 'utf8')).toBe(`a'b"c $d`);
    });
  });

  describe('MariaDB', () => {
    const SERVER = {
      mariadb: `printf 'shop\\nmy db\\n'`,
      'mariadb-admin': ':',
      'mariadb-dump': `case "$*" in
  --help) echo '  --system=name'; exit ;;
  *--system=users*) echo "GRANT USAGE ON *.* TO 'ann'@'%' IDENTIFIED BY PASSWORD '*AB';" ;;
  *) for each; do echo "$each"; done | sed '1,/--databases/d' ;;
esac`,
    };

    it('is dumped with every database, one a word whatever it is called, and its users without their passwords', () => {
      const { code, stdout, stderr, calls } = run(MYSQL, 'dump', SERVER, { MARIADB_ROOT_PASSWORD: 'secret' });
      expect([code, stderr]).toEqual([0, '']);
      expect(stdout).toBe("shop\nmy db\nGRANT USAGE ON *.* TO 'ann'@'%';\n\n-- the end\n");
      expect(calls.join('\n')).not.toContain('secret');
      expect(calls.some((call) => call.includes('|--single-transaction|--quick|'))).toBe(true);
    });
  });

  describe('Redis', () => {
    const client = (said: string): Readonly<Record<string, string>> => ({
      sleep: ':',
      'redis-cli': `printf '%s' "\${REDISCLI_AUTH:-none}" >"$HERE/word"
case "$*" in
  *'config get'*) for each; do name=$each; done; printf '%s\\n%s\\n' "$name" "is $name" ;;
  *--rdb*) ${said} ;;
esac`,
    });

    it('is dumped once it has loaded, with the password that came before that of the image', () => {
      const loading = `if [ -e "$HERE/once" ]; then for each; do at=$each; done; printf 'REDIS0011 rows' >"$at"; else : >"$HERE/once"; echo 'LOADING Redis is loading'; fi`;
      const { code, stdout, folder } = run(REDIS, 'dump', client(loading), { REDIS_PASSWORD: 'other' }, "a'b\n");
      expect([code, stdout]).toEqual([0, 'REDIS0011 rows']);
      expect(readFileSync(join(folder, 'word'), 'utf8')).toBe("a'b");
    });

    it('is not where it says anything else, and says that', () => {
      const { code, stdout, stderr } = run(REDIS, 'dump', client('echo; echo "NOAUTH no"'));
      expect([code, stdout, stderr]).toEqual([1, '', 'NOAUTH no\n']);
    });

    it('tells how it calls its files', () => {
      const { stdout } = run(REDIS, 'settings', client(':'));
      expect(stdout.split('\n').slice(0, 2)).toEqual(['dir=is dir', 'dbfilename=is dbfilename']);
    });
  });
});
