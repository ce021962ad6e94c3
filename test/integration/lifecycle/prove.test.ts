/** A backup is restored beside the VM, without a network, and judged: good ones are proven, bad ones are not, and nothing is left. */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { theLab } from '../../support/lab.js';
import { killZebu } from '../../support/cli.js';
import { flipByte } from '../../support/flip-byte.js';
import { fault } from '../../support/lab-control.js';
import { onHost } from '../../support/lab-host.js';
import { nodeOf } from '../../support/node.js';
import type { Project } from '../../support/project.js';
import { tinyApp, version } from '../../support/tiny-app.js';
import { watchTraffic } from '../../support/traffic.js';

const lab = theLab();
const node = nodeOf(lab);
const app = 'proven';

interface Proof {
  readonly backup: string;
  readonly proven: boolean;
  readonly why: string;
  readonly vmid: number;
  readonly recorded: boolean;
  readonly checks: readonly { readonly name: string; readonly copy: string; readonly production: string | null }[];
  readonly steps: Readonly<Record<'boot' | 'restore' | 'verdict', number | null>>;
}
interface Failure {
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
  readonly details?: Partial<Proof>;
}
interface Row {
  readonly vmid: number;
  readonly name?: string;
  readonly tags?: string;
}

let project: Project;
let vmid: number;
let host: string;

const inStore = (script: string): Promise<unknown> =>
  project.json(['app:exec', 'store', '--', '/bin/busybox', 'sh', '-c', script.replace(/^rm/, '/bin/busybox rm')]);

/** VMs that are not the app's own. */
async function others(): Promise<readonly number[]> {
  const rows = await node.ask<readonly Row[]>('GET', '/nodes/pve/qemu');
  return rows.flatMap((row) =>
    row.name?.startsWith('zebu-copy-of-') === true || row.tags?.includes('zebu-copy') === true ? [row.vmid] : [],
  );
}

async function backUp(): Promise<string> {
  const { backup } = await project.json<{ backup: string }>(['vm:backup:create']);
  return backup;
}

async function notProven(...args: readonly string[]): Promise<Failure & { readonly exit: number | null }> {
  const run = await project.zebu(['vm:backup:prove', ...args, '--json'], { timeoutMs: 280_000 });
  return { ...(JSON.parse(run.stdout) as { error: Failure }).error, exit: run.code };
}

beforeAll(async () => {
  project = tinyApp({
    lab,
    app,
    config: {
      vm: { boot_timeout: 60 },
      deploy: { timeout: 40, probes: [{ http: 'http://127.0.0.1:8080/version', body: 'v1' }] },
      data: { check: { rows: { service: 'store', command: ['/bin/busybox', 'cat', '/data/rows'], same: true } } },
    },
  });
  await project.json(['vm:create']);
  ({ vmid } = await project.json<{ vmid: number }>(['vm:status']));
  // A database that does not start again on damaged data, though it runs.
  project.write(
    'store/Dockerfile',
    project
      .read('store/Dockerfile')
      .replace(
        '"/bin/busybox touch',
        '"if [ -e /data/corrupt ]; then echo PANIC: could not locate a valid checkpoint record; exit 1; fi; /bin/busybox touch',
      ),
  );
  version(project, 'v1');
  await project.json(['app:deploy', '--tag', 'v1']);
  ({ ip: host } = await project.json<{ ip: string }>(['vm:status']));
  await project.json(['app:exec', 'store', '--', '/bin/busybox', 'sh', '-c', 'echo 10000 >/data/rows']);
}, 600_000);
afterAll(async () => {
  for (const { backup } of (await project.json<{ list: { backup: string }[] }>(['vm:backup:list'])).list)
    onHost(lab, 'pvesm', 'free', backup);
  await project.zebu(['vm:destroy', '--yes']);
  project.remove();
});

describe('vm:backup:prove', () => {
  it('proves a good backup, while production is served and nothing is heard of the copy', async () => {
    const backup = await backUp();
    const url = `http://${host}:8080/version`;
    const watching = watchTraffic(lab, { vmid, url, good: (body) => body === 'v1\n' });
    const proof = await project.json<Proof>(['vm:backup:prove']);
    const seen = await watching();
    expect(proof).toMatchObject({ backup, proven: true, why: '', recorded: true });
    expect(proof.checks).toEqual([{ name: 'rows', copy: '10000', production: '10000', why: '' }]);
    for (const seconds of Object.values(proof.steps)) expect(seconds).toBeGreaterThan(0);
    expect(proof.vmid).not.toBe(vmid);
    expect(seen).toMatchObject({ failed: 0, packets: 0 });
    expect(seen.requests).toBeGreaterThan(50);
    expect(seen.looks).toBeGreaterThan(50);
    expect(await others()).toEqual([]);
  });

  it('is told by app:status and doctor', async () => {
    const { stdout } = await project.zebu(['app:status']);
    expect(stdout).toMatch(/last proven restore: \d+ s ago \(backup of /);
    const { checks } = await project.json<{ checks: { id: string; status: string; detail: string }[] }>(['doctor']);
    expect(checks.find(({ id }) => id === 'proof')).toMatchObject({
      status: 'ok',
      detail: expect.stringMatching(/^proven \d+ s ago, of a backup from /) as string,
    });
  });

  it('does not prove an archive in which a byte has changed', async () => {
    const backup = await backUp();
    flipByte(join(lab.stateDir, 'vz', 'dump', backup.split('/').at(-1) ?? ''));
    const error = await notProven();
    expect(error).toMatchObject({ code: 'BACKUP_UNPROVEN', exit: 8, details: { proven: false, recorded: true } });
    expect(error.message).toContain("Restored data doesn't match checksum");
    expect(error.message).not.toContain('\n');
    expect(await others()).toEqual([]);
    onHost(lab, 'pvesm', 'free', backup);
    const { stdout } = await project.zebu(['app:status']);
    expect(stdout).toContain('NOT PROVEN');
    expect(stdout).toContain('last proven restore: ');
  });

  it('does not prove a backup in which the database does not start, and shows its last words', async () => {
    await inStore('echo 1 >/data/corrupt');
    const backup = await backUp();
    await inStore('rm /data/corrupt');
    const run = await project.zebu(['vm:backup:prove', '--json', '--set', 'deploy.timeout=15']);
    const { error } = JSON.parse(run.stdout) as { error: Failure };
    expect(run.code).toBe(8);
    expect(error.message).toMatch(/is not proven: store restarts again and again/);
    expect(run.stderr).toContain('PANIC: could not locate a valid checkpoint record');
    expect(await others()).toEqual([]);
    onHost(lab, 'pvesm', 'free', backup);
  });

  it('does not prove a backup whose data answers otherwise', async () => {
    await inStore('echo 9999 >/data/rows');
    const backup = await backUp();
    await inStore('echo 10000 >/data/rows');
    expect(await notProven()).toMatchObject({
      code: 'BACKUP_UNPROVEN',
      message: expect.stringContaining('data.check.rows: it says 9999, production says 10000') as string,
    });
    onHost(lab, 'pvesm', 'free', backup);
  });

  it('is not fooled by an agent that never answers', async () => {
    const next = Number(await node.ask('GET', '/cluster/nextid'));
    const path = `/qemu/${next}/agent/network-get-interfaces`;
    const request = {
      kind: 'status',
      path,
      status: 500,
      reason: 'QEMU guest agent is not running',
      count: 20,
    } as const;
    await fault(lab, request);
    const error = await notProven('--set', 'vm.boot_timeout=4');
    for (let left = 0; left < 20; left++) await node.ask('GET', `/nodes/pve${path}`).catch(() => undefined);
    expect(error).toMatchObject({
      code: 'BACKUP_UNPROVEN',
      message: expect.stringContaining('its guest agent did not answer within 4 s') as string,
    });
    expect(await others()).toEqual([]);
  });

  it.each([
    [['--memory', '90000000'], 'NO_SPACE', /of memory left; the copy wants 90000000/],
    [['--storage', 'nowhere'], 'CONFIG_INVALID', /^The storage nowhere is not there/],
    [['--storage', 'away'], 'CONFIG_INVALID', /^The storage away cannot be reached, or is switched off/],
    [['vzdump-qemu-100-2020_01_01-00_00_00.vma.zst'], 'BACKUP_MISSING', /^There is no backup /],
  ])('refuses %s in one line, before anything is made', async (args, code, message) => {
    if (args.includes('away'))
      await node.ask('POST', '/storage', {
        storage: 'away',
        type: 'dir',
        path: '/srv/away',
        content: 'images',
        disable: '1',
      });
    const before = await node.ask<readonly Row[]>('GET', '/nodes/pve/qemu');
    const error = await notProven(...args);
    expect(error).toMatchObject({ code, exit: code === 'CONFIG_INVALID' ? 3 : 6 });
    expect(error.message).toMatch(message);
    expect((await node.ask<readonly Row[]>('GET', '/nodes/pve/qemu')).length).toBe(before.length);
    if (args.includes('away')) await node.ask('DELETE', '/storage/away');
  });

  it.each(['Restore', 'Start it', 'Wait for the verdict'])(
    'leaves nothing when it is interrupted at "%s"',
    async (text) => {
      let sent = false;
      const run = await project.zebu(['vm:backup:prove', '--json'], {
        onStderr: (said, pid) => {
          if (sent || !said.includes(`- ${text}`)) return;
          sent = true;
          process.kill(pid, 'SIGINT');
        },
      });
      expect(run.code).toBe(130);
      expect(await others()).toEqual([]);
      expect((await node.ask<readonly Row[]>('GET', '/nodes/pve/qemu')).length).toBe(1);
    },
  );

  it.each(['Restore', 'Start it', 'Wait for the verdict'])(
    'leaves nothing behind the next run when it is killed at "%s"',
    async (text) => {
      expect(await killZebu(['vm:backup:prove'], { cwd: project.folder, env: project.env }, [`- ${text}`])).toBe(
        `- ${text}`,
      );
      // Meanwhile nobody takes what is left for the VM of the app.
      expect(await project.json<{ vmid: number }>(['vm:status'])).toMatchObject({ vmid });
      expect(await project.json<Proof>(['vm:backup:prove'])).toMatchObject({ proven: true });
      expect(await others()).toEqual([]);
      expect((await node.ask<readonly Row[]>('GET', '/nodes/pve/qemu')).length).toBe(1);
    },
  );

  it('is told by doctor of what a killed run has left', async () => {
    await killZebu(['vm:backup:prove'], { cwd: project.folder, env: project.env }, ['- Wait for the verdict']);
    const { checks } = await project.json<{ checks: { id: string; status: string; detail: string }[] }>(['doctor']);
    expect(checks.find(({ id }) => id === 'proof')).toMatchObject({
      status: 'warn',
      detail: expect.stringMatching(/^a run that was killed has left a copy: VM \d+$/) as string,
    });
    await project.json<Proof>(['vm:backup:prove']);
    expect(await others()).toEqual([]);
  });
});
