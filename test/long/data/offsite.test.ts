/** Dumps off the VM, which is destroyed; a scheduled dump; what is in the way. Wants a Debian mirror. */
import { randomBytes } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { theLab } from '../../support/lab.js';
import type { DataList, DataRestored, Dumped, DumpProven } from '../../../src/lib/data/results.js';
import { leaks, watchProcesses } from '../../support/canary.js';
import { makeDatabaseImages } from '../../support/database-images.js';
import { guestShell, type Shell } from '../../support/guest-shell.js';
import { PackageMirror } from '../../support/package-mirror.js';
import type { Project } from '../../support/project.js';
import { refusal } from '../../support/refusal.js';
import { ResticServer } from '../../support/restic-server.js';
import { rowsApp, rowsMachine } from '../../support/rows-app.js';

const APP = 'data-off';
const BASE = `/opt/zebu/${APP}`;
const ROWS_CHECK = { service: 'web', command: ['psql', '-Atc', 'select count(*) from orders'], same: true };

describe('dumps off the VM', { timeout: 900_000 }, () => {
  const values = { restic: `word${randomBytes(12).toString('hex')}`, login: `login${randomBytes(12).toString('hex')}` };
  const processes = watchProcesses();
  let mirror: PackageMirror;
  let server: ResticServer;
  let project: Project;
  let guest: Shell;
  let copied: string;

  const psql = (sql: string): string =>
    guest.run(
      `docker exec -i $(docker ps -q -f label=com.docker.compose.project=${APP} -f label=com.docker.compose.service=web) psql -Atq <<'SQL'\n${sql}\nSQL`,
    );
  const data = (): string => psql("select count(*), md5(string_agg(o::text, '|' order by id)) from orders o");
  const set = (change: (config: Record<string, Record<string, unknown>>) => void): void => {
    const config = parse(project.read('zebu.yml')) as Record<string, Record<string, unknown>>;
    change(config);
    project.write('zebu.yml', stringify(config));
  };
  const secrets = (password: string, port = server.port): void =>
    project.write(
      '.env',
      `DB_PASSWORD=rows-of-${APP}\nRESTIC_REPOSITORY=rest:http://shop:${values.login}@${theLab().network.gateway}:${port}/\nRESTIC_PASSWORD=${password}\nOTHER_PASSWORD=not-the-password\n`,
      0o600,
    );

  beforeAll(async () => {
    const { gateway } = theLab().network;
    [mirror, server] = await Promise.all([PackageMirror.make(gateway), ResticServer.make(gateway)]);
    project = rowsApp({
      lab: theLab(),
      app: APP,
      config: {
        secrets: { RESTIC_REPOSITORY: {}, RESTIC_PASSWORD: {}, OTHER_PASSWORD: {} },
        data: {
          max_age: '26h',
          check: { rows: ROWS_CHECK },
          offsite: { repository: 'RESTIC_REPOSITORY', password: 'RESTIC_PASSWORD' },
        },
      },
    });
    secrets(values.restic);
    guest = await rowsMachine(project, theLab(), mirror);
    project.release('v1');
    await project.json(['app:deploy', '--tag', 'v1']);
    psql("update orders set note = 'written since' where id % 7 = 0");
  });
  afterAll(async () => {
    processes.stop();
    await project.zebu(['vm:destroy', '--yes']);
    project.remove();
    mirror.close();
    server.close();
  });

  it('are copied as they are made, encrypted, and no service is given their password', async () => {
    const status = await project.zebu(['app:status']);
    expect(status.stdout).toContain('data: there is no dump, and data.max_age is set: zebu data:dump');
    const made = await project.json<Dumped>(['data:dump']);
    copied = made.dump?.id ?? '';
    expect(made).toMatchObject({ offsite: true });
    const list = await project.json<DataList>(['data:list']);
    expect(list).toMatchObject({
      dumps: [{ id: copied, offsite: true }],
      offsite: { dumps: [{ id: copied }], problem: null },
      tooOld: false,
    });
    const environments = guest.run(`docker inspect --format '{{json .Config.Env}}' $(docker ps -q)`);
    expect(leaks(environments, values)).toEqual([]);
    expect((await project.zebu(['app:status'])).stdout).toMatch(/data: the newest dump is \d+T\d+Z, .* ago \(/);
  });

  it('bring all rows back into a new VM, by three commands', async () => {
    const before = data();
    await project.json(['vm:destroy', '--yes']);
    const began = Date.now();
    const times: Record<string, number> = {};
    const timed = async <T>(what: string, run: () => Promise<T>): Promise<T> => {
      const from = Date.now();
      const result = await run();
      times[what] = (Date.now() - from) / 1000;
      return result;
    };
    await timed('vm:create', () => project.json(['vm:create']));
    // In the place of a registry.
    const { ip } = await project.json<{ ip: string }>(['vm:status']);
    guest = guestShell(ip, project.key);
    await timed('images', () =>
      makeDatabaseImages(guest, `http://${theLab().network.gateway}:${mirror.port}`, ['postgres']),
    );
    await timed('app:deploy', () => project.json(['app:deploy', '--tag', 'v1']));
    expect(data()).not.toBe(before);
    const restored = await timed('data:restore', () => project.json<DataRestored>(['data:restore', '--yes']));
    console.log(`after a disaster: ${JSON.stringify(times)}, ${Math.round((Date.now() - began) / 1000)} s in all`);
    expect(restored).toMatchObject({ dump: copied, fetched: true, verdict: 'live' });
    expect(data()).toBe(before);
    expect(await project.json(['app:status'])).toMatchObject({ healthy: true });
  });

  it('say in one line that the password is wrong, and the dump is in the VM all the same', async () => {
    const other = ['--set', 'data.offsite.password=OTHER_PASSWORD'];
    const run = await project.zebu(['data:dump', ...other]);
    expect(run.code).toBe(6);
    expect(run.stderr).toMatch(
      /Error: The dump \d+T\d+Z was made, but not copied off the VM: the password is not that of the off-site repository/,
    );
    const missing = await project.zebu(['data:restore', '20200101T000000Z', '--yes', ...other]);
    expect(missing.code).toBe(6);
    expect(missing.stderr).toContain(
      'and off it cannot be looked: the password is not that of the off-site repository',
    );
    expect(guest.run(`ls -d ${BASE}/data/making ${BASE}/data/fetching 2>/dev/null; true`)).toBe('');
  });

  it('are proved to come back from off the VM, in a clone that has no network', async () => {
    const before = data();
    // Also where there is none in the VM.
    const proof = await project.json<DumpProven>(['data:prove', copied, '--offsite']);
    expect(proof).toMatchObject({ dump: copied, offsite: true, proven: true, why: '', recorded: true });
    expect(proof.checks).toMatchObject([{ name: 'rows', copy: '10000', production: '10000' }]);
    for (const each of ['fetch', 'clone', 'boot', 'restore'] as const)
      expect(proof.steps[each], each).toBeGreaterThan(0);
    console.log(`proved from off the VM: ${JSON.stringify(proof.steps)}, ${proof.seconds} s in all`);
    expect(data()).toBe(before);
    expect(guest.run(`ls -d ${BASE}/data/lent ${BASE}/data/fetching 2>/dev/null; true`)).toBe('');
    expect((await project.zebu(['app:status'])).stdout).toContain(`(${copied}, from off the VM)`);
  });

  it('have a password that is rotated as a further key of the repository, and by nothing else', async () => {
    const old = values.restic;
    secrets('another-in-env');
    expect(await refusal(project, ['secrets:sync', '--yes'])).toMatchObject({ code: 'SECRET_PROTECTED' });
    secrets(old);
    expect(await refusal(project, ['secrets:set', 'RESTIC_PASSWORD'], { stdin: 'another\n' })).toMatchObject({
      code: 'SECRET_PROTECTED',
    });
    await project.json(['secrets:rotate', 'RESTIC_PASSWORD', '--generate', '--no-write-back']);
    expect(readdirSync(join(server.folder, 'keys'))).toHaveLength(1);
    const made = await project.json<Dumped>(['data:dump']);
    const list = await project.json<DataList>(['data:list']);
    expect(list.offsite?.dumps.map(({ id }) => id)).toEqual(expect.arrayContaining([made.dump?.id, copied]));
    values.restic = (await project.json<{ value: string }>(['secrets:get', 'RESTIC_PASSWORD', '--reveal'])).value;
    expect(values.restic).not.toBe(old);
    secrets(values.restic);
    // A repository that does not answer changes nothing.
    server.away = true;
    const refused = await refusal(project, ['secrets:rotate', 'RESTIC_PASSWORD', '--generate', '--no-write-back']);
    server.away = false;
    expect(refused).toMatchObject({ code: 'OFFSITE_REFUSED' });
    expect(refused.message).toMatch(
      /^RESTIC_PASSWORD was not changed, for the off-site repository did not take another: /,
    );
    await project.json(['data:dump']);
  });

  it('say that the repository does not answer', async () => {
    secrets(values.restic, 1);
    await project.json(['secrets:sync', '--yes']);
    const list = await project.json<DataList>(['data:list']);
    expect(list.offsite?.problem).toBe('the off-site repository does not answer');
    expect(leaks(JSON.stringify(list), values)).toEqual([]);
  });

  it('say that the repository is full; what could not be copied is copied with the next', async () => {
    secrets(values.restic);
    set((config) => {
      config['data'] = { ...config['data'], timeout: 20 };
    });
    await project.json(['secrets:sync', '--yes']);
    server.full = true;
    const run = await project.zebu(['data:dump']).finally(() => (server.full = false));
    expect(run.code).toBe(6);
    expect(run.stderr).toContain('was made, but not copied off the VM: the off-site repository is full');
    await project.json(['data:dump']);
    const list = await project.json<DataList>(['data:list']);
    expect(list.dumps.every(({ offsite }) => offsite === true)).toBe(true);
    // What restic is told it finds in its environment, and that of what bounds its time: nobody but their user reads those.
    const lines = [...processes.seen].filter((line) => !line.startsWith('environment of timeout\0'));
    expect(leaks(lines.join('\n'), values)).toEqual([]);
  });

  it('are made by the VM itself, by schedule, and one that fails is told', async () => {
    set((config) => {
      config['data'] = { ...config['data'], schedule: '*:0/1' };
    });
    await project.json(['vm:apply']);
    expect(guest.run(`cat /etc/systemd/system/zebu-data-dump@${APP}.timer`)).toContain('OnCalendar=*:0/1');
    const program = `sh ${BASE}/units/data-dump`;
    await guest.later(program);
    expect((await project.json<DataList>(['data:list'])).dumps[0]).toMatchObject({
      why: 'schedule',
      who: 'zebu',
      offsite: true,
    });
    await guest.later(`docker stop -t 1 ${APP}-db-1 >/dev/null; ${program} || true`);
    expect(guest.run(`tail -n 1 ${BASE}/events/events.jsonl`)).toMatch(
      /"event":"dump-failed","cause":"dump-failed","reason":"the dump of db \(postgres\) failed: the service db does not run"/,
    );
    expect((await project.json<{ data: { failed: { cause: string } } }>(['app:status'])).data.failed.cause).toBe(
      'dump-failed',
    );
    guest.run(`docker start ${APP}-db-1`);
  });

  it('wait for a deploy that is replacing containers, and it for them', async () => {
    guest.run(`printf start-up >${BASE}/pause-at`);
    project.release('v3');
    const deploying = project.zebu(['app:deploy', '--tag', 'v3', '--json']);
    await guest.later(
      `cd ${BASE}; n=0; until grep -q tx_phase=switch transaction 2>/dev/null; do n=$((n+1)); [ $n -lt 300 ] || exit 1; sleep .2; done`,
    );
    const dumping = project.zebu(['data:dump', '--json']);
    await new Promise((done) => setTimeout(done, 4000));
    expect(guest.run(`ls -d ${BASE}/data/making 2>/dev/null; true`)).toBe('');
    guest.run(`rm ${BASE}/pause-at`);
    expect([(await deploying).code, (await dumping).code]).toEqual([0, 0]);
  });
});
