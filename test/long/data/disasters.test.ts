/** Rows of the table of disasters in docs/data.md that no other test walks, by the commands it names, timed. Wants a Debian mirror. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { theLab } from '../../support/lab.js';
import type { DataList, DataRestored, Dumped } from '../../../src/lib/data/results.js';
import { zebu, zebuJson } from '../../support/cli.js';
import { makeDatabaseImages } from '../../support/database-images.js';
import { guestShell, type Shell } from '../../support/guest-shell.js';
import { nodeOf } from '../../support/node.js';
import { ownLab } from '../../support/own-lab.js';
import { PackageMirror } from '../../support/package-mirror.js';
import { proxmoxSection, type Project } from '../../support/project.js';
import { ResticServer } from '../../support/restic-server.js';
import { rowsApp, rowsMachine } from '../../support/rows-app.js';

const APP = 'data-lost';
const BASE = `/opt/zebu/${APP}`;
const PASSWORD = 'the-word-of-the-copies-7391';

describe('what is lost', { timeout: 900_000 }, () => {
  const lab = theLab();
  let mirror: PackageMirror;
  let server: ResticServer;
  let project: Project;
  let guest: Shell;
  let before: string;
  let dump: string;

  const psql = (shell: Shell, sql: string): string =>
    shell.run(
      `docker exec -i $(docker ps -q -f label=com.docker.compose.project=${APP} -f label=com.docker.compose.service=web) psql -Atq <<'SQL'\n${sql}\nSQL`,
    );
  const data = (shell = guest): string =>
    psql(shell, "select count(*), md5(string_agg(o::text, '|' order by id)) from orders o");
  const repository = (gateway: string, port: number): string =>
    `DB_PASSWORD="it's \\"so\\""\nRESTIC_REPOSITORY=rest:http://${gateway}:${port}/\nRESTIC_PASSWORD=${PASSWORD}\n`;
  const change = (text: string, section: string, values: Readonly<Record<string, unknown>>): string => {
    const config = parse(text) as Record<string, Record<string, unknown>>;
    return stringify({ ...config, [section]: { ...config[section], ...values } });
  };
  /** As the table has it: from the first command to the end of the last. */
  async function timed(what: string, run: () => Promise<unknown>): Promise<void> {
    const from = Date.now();
    await run();
    console.log(`${what}: ${Math.round((Date.now() - from) / 1000)} s`);
  }

  beforeAll(async () => {
    const { gateway } = lab.network;
    [mirror, server] = await Promise.all([PackageMirror.make(gateway), ResticServer.make(gateway)]);
    project = rowsApp({
      lab,
      app: APP,
      config: {
        secrets: { RESTIC_REPOSITORY: {}, RESTIC_PASSWORD: {} },
        data: { offsite: { repository: 'RESTIC_REPOSITORY', password: 'RESTIC_PASSWORD' } },
      },
    });
    project.write('.env', repository(gateway, server.port), 0o600);
    guest = await rowsMachine(project, lab, mirror);
    project.release('v1');
    await project.json(['app:deploy', '--tag', 'v1']);
    psql(guest, "update orders set note = 'written since' where id % 7 = 0");
    before = data();
    dump = (await project.json<Dumped>(['data:dump'])).dump?.id ?? '';
  }, 900_000);
  afterAll(async () => {
    await project.zebu(['vm:destroy', '--yes']);
    project.remove();
    mirror.close();
    server.close();
  });

  it('a container: a deploy of what is live makes it anew, with all of its data', async () => {
    guest.run(`docker rm -f ${APP}-db-1 >/dev/null`);
    expect((await project.json<{ drift: readonly string[] }>(['app:status'])).drift).toEqual([
      expect.stringContaining('db'),
    ]);
    await timed('a container', () => project.json(['app:deploy', '--tag', 'v1']));
    expect(data()).toBe(before);
  });

  it('a volume: a deploy of what is live makes it anew, and data:restore brings back the dump', async () => {
    guest.run(`docker rm -f ${APP}-web-1 ${APP}-db-1 >/dev/null; docker volume rm ${APP}_db >/dev/null`);
    await timed('a volume', async () => {
      await project.json(['app:deploy', '--tag', 'v1']);
      await project.json<DataRestored>(['data:restore', '--yes', '--no-dump']);
    });
    expect(data()).toBe(before);
    expect(await project.json(['app:status'])).toMatchObject({ healthy: true });
  });

  it('the off-site repository: in another place it is made anew, with all dumps that are in the VM', async () => {
    server.close();
    server = await ResticServer.make(lab.network.gateway);
    project.write('.env', repository(lab.network.gateway, server.port), 0o600);
    await timed('the off-site repository', async () => {
      await project.json(['secrets:sync', '--yes']);
      await project.json(['data:dump']);
    });
    const { dumps, offsite } = await project.json<DataList>(['data:list']);
    expect(dumps.length).toBeGreaterThan(1);
    expect(dumps.every((each) => each.offsite === true)).toBe(true);
    expect(offsite?.dumps.map(({ id }) => id)).toContain(dump);
    // Gone from the same place it may be a mount that is missing.
    for (const each of ['config', 'data', 'keys', 'snapshots', 'index', 'locks'])
      rmSync(join(server.folder, each), { recursive: true, force: true });
    const gone = await project.zebu(['data:dump']);
    expect(gone.code).toBe(6);
    expect(gone.stderr).toContain('the off-site repository is gone: is something not mounted?');
    await project.json(['vm:exec', '--', 'rm', `${BASE}/data/offsite-made`]);
    await project.json(['data:dump']);
  });

  it('the laptop, and its values of secrets: Proxmox lets a new one in, and the VM has the values', async () => {
    const top = mkdtempSync(join(tmpdir(), 'zebu-laptop-'));
    const folder = join(top, 'repository');
    const key = join(top, 'id_ed25519');
    spawnSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', key]);
    spawnSync('git', ['clone', '-q', project.folder, folder]);
    cpSync(join(project.folder, 'zebu.yml'), join(folder, 'zebu.yml'));
    const own = { cwd: folder, env: { ZEBU_STATE_DIR: join(top, 'state'), ZEBU_VM_IDENTITY_FILE: key } };
    expect((await zebu(['app:status'], own)).code).not.toBe(0);
    await timed('the laptop', async () => {
      const line = `echo '${readFileSync(`${key}.pub`, 'utf8').trim()}' >>/home/deploy/.ssh/authorized_keys`;
      await zebuJson(['vm:exec', '--', 'sh', '-c', line], own);
      await zebuJson(['secrets:sync', '--from', 'vm', '--to', 'dotenv', '--yes'], own);
    });
    expect(await zebuJson(['app:status'], own)).toMatchObject({ healthy: true });
    expect(readFileSync(join(folder, '.env'), 'utf8')).toContain(PASSWORD);
    // And so the password of the copies is not lost as long as the VM is there.
    expect(await zebuJson(['secrets:get', 'RESTIC_PASSWORD', '--reveal'], own)).toMatchObject({ value: PASSWORD });
    rmSync(top, { recursive: true, force: true });
  });

  it('the storage of its disk: a backup comes back on another one', async () => {
    await nodeOf(lab).ask('POST', '/storage', { storage: 'spare', type: 'dir', path: '/srv/spare', content: 'images' });
    const { backup } = await project.json<{ backup: string }>(['vm:backup:create']);
    await project.json(['vm:destroy', '--yes']);
    await timed('the storage', () =>
      project.json(['vm:backup:restore', backup, '--storage', 'spare', '--start', '--yes']),
    );
    await expect
      .poll(async () => (await project.json<{ healthy: boolean }>(['app:status'])).healthy, {
        timeout: 120_000,
        interval: 2000,
      })
      .toBe(true);
    guest = guestShell((await project.json<{ ip: string }>(['vm:status'])).ip, project.key);
    expect(data()).toBe(before);
  });

  it('the host: on another one the same three commands bring all of it back', async () => {
    const other = await ownLab('disaster');
    const { gateway } = other.report.network;
    const [again, packages] = await Promise.all([
      ResticServer.make(gateway, server.folder),
      PackageMirror.make(gateway),
    ]);
    try {
      project.write('zebu.yml', change(project.read('zebu.yml'), 'proxmox', proxmoxSection(other.report, 'ssh')));
      project.write('.env', repository(gateway, again.port), 0o600);
      await timed('the host', async () => {
        await project.json(['vm:create']);
        guest = guestShell((await project.json<{ ip: string }>(['vm:status'])).ip, project.key);
        // In the place of a registry.
        await makeDatabaseImages(guest, `http://${gateway}:${packages.port}`, ['postgres']);
        await project.json(['app:deploy', '--tag', 'v1']);
        await project.json<DataRestored>(['data:restore', '--yes', '--no-dump']);
      });
      expect(data()).toBe(before);
      expect(await project.json(['app:status'])).toMatchObject({ healthy: true });
    } finally {
      await project.zebu(['vm:destroy', '--yes']);
      packages.close();
      again.close();
      await other.down();
      project.write('zebu.yml', change(project.read('zebu.yml'), 'proxmox', proxmoxSection(lab, 'ssh')));
    }
  });
});
