/** Servers of Debian in a guest, in images that behave as the official ones do: dumped, changed, restored, equal. Wants a Debian mirror. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { theLab } from '../../support/lab.js';
import type { DataList, DataRestored, Dumped } from '../../../src/lib/data/results.js';
import { watchProcesses } from '../../support/canary.js';
import { makeDatabaseImages } from '../../support/database-images.js';
import { guestShell, type Shell } from '../../support/guest-shell.js';
import { PackageMirror } from '../../support/package-mirror.js';
import type { Project } from '../../support/project.js';
import { refusal } from '../../support/refusal.js';
import { PASSWORD, ROOT_PASSWORD, serversApp } from '../../support/servers-app.js';

const APP = 'data-servers';
const BASE = `/opt/zebu/${APP}`;
const quote = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

describe('servers', { timeout: 600_000 }, () => {
  let mirror: PackageMirror;
  let project: Project;
  let guest: Shell;

  /** In the container of a service; `input` on standard input. */
  const inside = (service: string, line: string, input = ''): string =>
    guest.run(
      `docker exec -i $(docker ps -q -f label=com.docker.compose.project=${APP} -f label=com.docker.compose.service=${service}) ${line} <<'INPUT'\n${input}\nINPUT`,
    );
  const sql = (text: string): string =>
    inside('maria', `env MYSQL_PWD=${quote(ROOT_PASSWORD)} mariadb -u root -N -B`, text);
  const keys = (service: string, ...commands: readonly string[]): string =>
    inside(
      service,
      `env REDISCLI_AUTH=${quote(PASSWORD)} ${service === 'keys' ? 'valkey' : 'redis'}-cli --no-auth-warning --no-raw`,
      commands.join('\n'),
    );
  const sqlite = (text: string): string => inside('notes', 'sqlite3 /data/notes.db', text);
  const dump = async (): Promise<string> => (await project.json<Dumped>(['data:dump'])).dump?.id ?? '';
  const restore = (id: string, ...only: readonly string[]): Promise<DataRestored> =>
    project.json(['data:restore', id, '--yes', '--no-dump', ...only.flatMap((each) => ['--only', each])]);
  const nothingLeft = (): void =>
    expect(
      guest.run(
        `sudo find /var/lib/docker/volumes -maxdepth 2 -name '*.zebu-*'; cd ${BASE}/data && ls -d making fetching restore aside 2>/dev/null; ls ${BASE}/transaction 2>/dev/null; true`,
      ),
    ).toBe('');
  /** Puts other content into a dump, with the checksum it is to have. */
  const forge = (id: string, store: string, file: string, make: string): void =>
    void guest.run(
      `cd ${BASE}/data/dumps/${id} && ${make} | gzip >${file} && sum=$(sha256sum <${file}) && awk -v sum="\${sum%% *}" -F'|' -v OFS='|' '$1 == "store=${store}" { $6 = sum } 1' manifest >manifest.new && mv manifest.new manifest`,
    );

  beforeAll(async () => {
    const { gateway } = theLab().network;
    mirror = await PackageMirror.make(gateway);
    project = serversApp(theLab(), APP);
    await project.json(['vm:create']);
    guest = guestShell((await project.json<{ ip: string }>(['vm:status'])).ip, project.key);
    const images = ['mariadb', 'redis', 'valkey', 'sqlite', 'bare'] as const;
    await makeDatabaseImages(guest, `http://${gateway}:${mirror.port}`, images);
    project.release('v1');
    await project.json(['app:deploy', '--tag', 'v1']);
    sqlite(`pragma journal_mode=wal; create table notes (id integer primary key, a blob, b text); create table twin (id integer);
with recursive n(i) as (select 1 union all select i + 1 from n where i < 10000) insert into notes select i, randomblob(200), 'é' || i from n;`);
  }, 900_000);
  afterAll(async () => {
    await project.zebu(['vm:destroy', '--yes']);
    project.remove();
    mirror.close();
  });

  it('are found by what their images are', async () => {
    const { stores } = await project.json<DataList>(['data:list']);
    expect(stores.map(({ name, kind, running }) => [name, kind, running]).toSorted()).toEqual([
      ['cache', 'redis', true],
      ['keys', 'redis', true],
      ['maria', 'mariadb', true],
      ['notes', 'sqlite', true],
      ['replica', 'redis', true],
    ]);
  });

  it('MariaDB: rows, bytes, characters, a second database, programs and users come back', async () => {
    sql(`use shop;
create table orders (id int primary key auto_increment, note varchar(200) character set utf8mb4, bytes varbinary(300), total decimal(10,2), made datetime(6), index (note));
insert into orders (note, bytes, total, made) select concat('note ', seq, ' ', _utf8mb4 0xF09F9884, ' \\\\ ''quoted'' é'), unhex(concat('00FF0A0D1A27225C', hex(seq))), seq * 1.5, '2026-01-01 00:00:00.000001' from seq_1_to_10000;
create table big (id int primary key, content longblob);
insert into big values (1, repeat(unhex('00DEADBEEF27'), 2000000));
create view dear as select * from orders where total > 14000;
create trigger checked before insert on orders for each row set new.note = upper(new.note);
delimiter //
create procedure many() begin select count(*) from orders; end//
delimiter ;
create database \`second-one\`;
create table \`second-one\`.facts (name varchar(50) primary key);
insert into \`second-one\`.facts values ('one'), ('two');
create user reader@'%' identified by 'a-reader''s';
grant select on \`second-one\`.* to reader@'%';`);
    const all = (): string =>
      sql(`use shop; select count(*), md5(group_concat(md5(concat_ws('|', id, note, hex(bytes), total, made)) order by id)) from orders;
select length(content), md5(content) from big; select count(*) from dear; call many();
show create table orders; select name from \`second-one\`.facts order by 1;
select trigger_name from information_schema.triggers; select user, host from mysql.user order by 1, 2; show grants for reader@'%'`);
    const before = all();
    const id = await dump();
    sql(
      `use shop; drop table orders; drop procedure many; truncate big; drop database \`second-one\`; drop user reader@'%'`,
    );
    await restore(id, 'maria');
    expect(all()).toBe(before);
    // With the password that it had, and the app with that of today.
    expect(
      inside('maria', `env MYSQL_PWD="a-reader's" mariadb -u reader -N -B -e 'select count(*) from facts' second-one`),
    ).toBe('2');
    expect(sql('select @@global.max_allowed_packet')).toBe('16777216');
    nothingLeft();
  });

  it('MariaDB: a wrong password is one line, and so is a dump that it does not take, which is undone', async () => {
    const id = await dump();
    sql(`alter user root@localhost identified by 'another'`);
    const refused = await refusal(project, ['data:dump']);
    expect(refused).toMatchObject({ code: 'DUMP_REFUSED', exit: 6 });
    expect(refused.message).toMatch(
      /^No dump was made: the dump of maria \(mariadb\) failed: .*Access denied for user 'root'@'localhost'/,
    );
    inside(
      'maria',
      `env MYSQL_PWD=another mariadb -u root`,
      `alter user root@localhost identified by ${JSON.stringify(ROOT_PASSWORD)}`,
    );
    forge(id, 'maria', 'maria.sql.gz', `printf 'use shop;\\nselect * from there_is_none;\\n'`);
    const before = sql('checksum table shop.big');
    const run = await project.zebu(['data:restore', id, '--yes', '--no-dump', '--only', 'maria']);
    expect(run.code, run.stderr).toBe(7);
    expect(run.stderr).toMatch(
      /was not restored: .*maria: ERROR 1146.*there_is_none.* The data before is back and serves/s,
    );
    expect(sql('checksum table shop.big')).toBe(before);
    nothingLeft();
  });

  it('Redis and Valkey: with a password, a log of changes, and a replica', async () => {
    const write = [
      'set "k\\x00\\xff" "v\\x00\\r\\n\\xfe"',
      'rpush list a b "é"',
      'hset hash f 1',
      'set later x EX 86400',
      "eval \"for i=1,10000 do redis.call('set', 'n' .. i, i) end\" 0",
      'setrange big 8388608 x',
    ];
    const read = ['dbsize', 'get "k\\x00\\xff"', 'lrange list 0 -1', 'hgetall hash', 'strlen big', 'get n10000'];
    for (const each of ['cache', 'keys']) keys(each, ...write);
    const before = keys('cache', ...read);
    expect(before).toContain('8388609');
    expect(keys('keys', ...read)).toBe(before);
    const id = await dump();
    for (const each of ['cache', 'keys']) keys(each, 'flushall', 'set other 1');
    await restore(id, 'cache', 'replica', 'keys');
    for (const each of ['cache', 'replica', 'keys']) expect(keys(each, ...read), each).toBe(before);
    expect(Number(/\d+/.exec(keys('cache', 'ttl later'))?.[0])).toBeGreaterThan(80_000);
    // The log of changes goes on from there.
    keys('cache', 'set after 1');
    guest.run(`docker restart -t 5 ${APP}-cache-1 >/dev/null; sleep 2`);
    expect(keys('cache', 'get after', 'get n10000')).toBe('"1"\n"10000"');
    nothingLeft();
  });

  it('Redis: a wrong password is one line, and so is a file that the server does not take, which is undone', async () => {
    const id = await dump();
    keys('keys', 'config set requirepass another');
    const refused = await refusal(project, ['data:dump']);
    expect(refused.message).toMatch(/^No dump was made: the dump of keys \(redis\) failed: .*(NOAUTH|WRONGPASS)/);
    inside('keys', 'env REDISCLI_AUTH=another valkey-cli', `config set requirepass ${JSON.stringify(PASSWORD)}`);
    const before = keys('cache', 'dbsize');
    forge(id, 'cache', 'cache.rdb.gz', 'head -c 5000 /dev/urandom');
    const run = await project.zebu(['data:restore', id, '--yes', '--no-dump', '--only', 'cache']);
    expect(run.code, run.stderr).toBe(7);
    expect(run.stderr).toContain('The data before is back and serves');
    expect(keys('cache', 'dbsize')).toBe(before);
    nothingLeft();
  });

  it('SQLite: copied whole while it is written to, with its owner', async () => {
    inside('notes', 'chown 33:44 /data/notes.db');
    const before = sqlite('select count(*), sum(length(a)), max(b) from notes; pragma journal_mode');
    // A writer that keeps two tables alike.
    guest.run(
      `docker exec -d ${APP}-notes-1 sh -c 'while [ ! -e /data/stop ]; do echo "begin; insert into notes (a) values (1); insert into twin select max(id) from notes; commit;" | sqlite3 -cmd ".timeout 5000" /data/notes.db; done'`,
    );
    const id = await dump();
    inside('notes', 'touch /data/stop');
    guest.run('sleep 1');
    sqlite('delete from notes; drop table twin');
    await restore(id, 'notes');
    expect(sqlite('pragma integrity_check; select count(*) from notes where id > 10000; ').split('\n')[0]).toBe('ok');
    expect(sqlite('select (select count(*) from notes where id > 10000) - (select count(*) from twin)')).toBe('0');
    expect(sqlite('select count(*), sum(length(a)), max(b) from notes where id <= 10000; pragma journal_mode')).toBe(
      before,
    );
    expect(inside('notes', 'stat -c %u:%g /data/notes.db')).toBe('33:44');
    nothingLeft();
  });

  it('what has no shell, and what does not run, is one line that says what to do', async () => {
    const bare = await refusal(project, ['data:dump', '--env', 'bare']);
    expect(bare).toMatchObject({ code: 'DUMP_REFUSED', exit: 6 });
    expect(bare.message).toMatch(
      /^No dump was made: the dump of bare \(redis\) failed: the container of bare has no shell, or not what it takes \(.*\); give data.stores /,
    );
    guest.run(`docker stop -t 5 ${APP}-keys-1 >/dev/null`);
    const stopped = await refusal(project, ['data:dump']);
    expect(stopped.message).toBe('No dump was made: the dump of keys (redis) failed: the service keys does not run');
    guest.run(`docker start ${APP}-keys-1 >/dev/null`);
    nothingLeft();
  });

  it('and no password of theirs is in a list of processes meanwhile, but where the Compose file has put it', async () => {
    const processes = watchProcesses();
    await dump();
    processes.stop();
    expect(processes.seen.size).toBeGreaterThan(0);
    const meant = /(redis|valkey)-server|mariadb\W+-u\W+shop/;
    expect(
      [...processes.seen].filter(
        (line) => (line.includes(PASSWORD) || line.includes(ROOT_PASSWORD)) && !meant.test(line),
      ),
    ).toEqual([]);
  });
});
