import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { theLab } from '../../support/lab.js';
import { parse, stringify } from 'yaml';
import type { AppStatusWithBackups } from '../../../src/lib/app/results.js';
import type { Diagnosis } from '../../../src/lib/doctor/results.js';
import type { BackupList } from '../../../src/lib/vm/backup/results.js';
import type { VmApplied, VmDiff, VmStatus } from '../../../src/lib/vm/results.js';
import { hostShell } from '../../support/guest-shell.js';
import { tinyApp, version } from '../../support/tiny-app.js';
import type { Project } from '../../support/project.js';

const lab = theLab();
const host = hostShell(lab);
let project: Project;

type Job = Readonly<Record<string, unknown>>;
const jobs = (): readonly Job[] =>
  JSON.parse(host.run('pvesh get /cluster/backup --output-format json')) as readonly Job[];
const own = (): Job | undefined => jobs().find(({ id }) => id === 'zebu-kept');

/** Puts `vm.backup` into zebu.yml. */
function ask(backup: unknown): void {
  const config = parse(project.read('zebu.yml')) as { vm: Record<string, unknown> };
  project.write('zebu.yml', stringify({ ...config, vm: { ...config.vm, backup } }));
}

const finding = async (id: string) => {
  const { stdout } = await project.zebu(['doctor', '--json']);
  const { result } = JSON.parse(stdout) as { result: Diagnosis };
  return result.checks.find((check) => check.id === id);
};

beforeAll(async () => {
  project = tinyApp({ lab, app: 'kept', config: { deploy: { stability: 1 } } });
}, 600_000);
afterAll(async () => {
  await project.zebu(['vm:destroy', '--yes']);
  project.remove();
}, 300_000);

describe('backups by schedule', { timeout: 300_000 }, () => {
  it.each([
    [{ schedule: 'every full moon' }, 'vm.backup.schedule: Proxmox takes no schedule `every full moon`'],
    [{ storage: 'attic' }, 'vm.backup.storage: attic: it does not take backups, or is not there'],
  ])('are refused before there is a VM: %j', async (backup, message) => {
    ask(backup);
    const { code, stdout } = await project.zebu(['vm:create', '--json']);
    expect([code, (JSON.parse(stdout) as { error: { message: string } }).error.message]).toEqual([3, message]);
    await expect(project.json(['vm:status'])).rejects.toThrow('VM_MISSING');
  });

  it('begin with the VM, as a job of Proxmox', async () => {
    ask({ schedule: '02:30' });
    const planned = await project.json<{ steps: readonly { path: string }[] }>(['vm:create', '--dry-run']);
    expect(planned.steps.at(-1)?.path).toBe('/cluster/backup');
    const { code, stderr } = await project.zebu(['vm:create']);
    expect(code).toBe(0);
    expect(stderr).toMatch(/Backups go to \S+, which is on the node itself/);
    const { vmid } = await project.json<VmStatus>(['vm:status']);
    expect(own()).toMatchObject({
      vmid: String(vmid),
      schedule: '02:30',
      comment: 'zebu-app-kept',
      'prune-backups': { 'keep-daily': '7', 'keep-weekly': '4' },
    });
    expect((await project.json<VmDiff>(['vm:diff'])).drift).toEqual([]);
  });

  it('follow zebu.yml, by vm:apply', async () => {
    ask({ schedule: 'sun 01:00', keep: { last: 3, monthly: 6 } });
    const { drift } = await project.json<VmDiff>(['vm:diff']);
    expect(drift.map(({ key }) => key)).toEqual(['vm.backup.schedule', 'vm.backup.keep']);
    const planned = await project.json<VmApplied>(['vm:apply', '--dry-run']);
    expect(planned.steps.map(({ method, path }) => `${method} ${path}`)).toEqual(['PUT /cluster/backup/zebu-kept']);
    expect(own()?.['schedule']).toBe('02:30');
    await project.json(['vm:apply']);
    expect(own()).toMatchObject({ schedule: 'sun 01:00', 'prune-backups': { 'keep-last': '3', 'keep-monthly': '6' } });
    expect((await project.json<VmApplied>(['vm:apply'])).changed).toBe(false);
  });

  it('are shown: what is due, what there is, and how old it is', async () => {
    version(project, 'v1');
    await project.json(['app:deploy', '--tag', 'v1']);
    const none = await project.json<AppStatusWithBackups>(['app:status']);
    // Once a week, so that nothing is missed for two.
    expect(none.backup).toMatchObject({ newest: null, tooOld: true, maxSeconds: 14 * 86_400 });
    expect(await finding('backups')).toMatchObject({
      status: 'ok',
      detail: expect.stringContaining('NONE yet') as string,
    });

    await project.json(['vm:backup:create']);
    const { list, jobs: seen } = await project.json<BackupList>(['vm:backup:list']);
    expect([list.length, list[0]?.place, seen?.map(({ id, ours }) => [id, ours])]).toEqual([
      1,
      'node',
      [['zebu-kept', true]],
    ]);
    const { stdout } = await project.zebu(['vm:backup:list']);
    expect(stdout).toMatch(/on the node itself[^]*job zebu-kept: sun 01:00, next \d{4}-\d\d-\d\d 01:00 UTC/);
    const { backup } = await project.json<AppStatusWithBackups>(['app:status']);
    expect(backup).toMatchObject({ tooOld: false, newest: { backup: list[0]?.backup } });
    const { stdout: shown } = await project.zebu(['app:status']);
    expect(shown).toMatch(/^backup: .* ago on \S+, on the node itself; next /m);
    expect(await finding('backups')).toMatchObject({
      status: 'warn',
      remedy: expect.stringContaining('vm.backup.storage') as string,
    });
  });

  it('are too old when they are', async () => {
    ask({ schedule: 'sun 01:00', keep: { last: 3, monthly: 6 }, max_age: '1s' });
    const { backup } = await project.json<AppStatusWithBackups>(['app:status']);
    expect(backup).toMatchObject({ tooOld: true, maxSeconds: 1 });
    expect(await finding('backups')).toMatchObject({
      status: 'warn',
      detail: expect.stringContaining('TOO OLD') as string,
    });
  });

  it('need privileges that only they need, which doctor names', async () => {
    const { stdout } = await project.zebu(['doctor', '--role']);
    expect(stdout).toMatch(/Datastore\.Allocate [^\n]*Sys\.Modify/);
  });

  it('are taken back when zebu.yml says so, and left to a job of somebody else', async () => {
    ask({ enabled: false });
    await project.json(['vm:apply']);
    expect(own()).toBeUndefined();
    host.run('pvesh create /cluster/backup --id nightly --all 1 --schedule 03:00 --storage local');
    try {
      ask({ schedule: '02:30' });
      const { drift, foreignBackups } = await project.json<VmDiff>(['vm:diff']);
      expect([drift, foreignBackups.map(({ id }) => id)]).toEqual([[], ['nightly']]);
      const { stdout } = await project.zebu(['vm:diff']);
      expect(stdout).toContain('backed up already by the job nightly (03:00, to local) of somebody else');
      expect((await project.json<VmApplied>(['vm:apply'])).changed).toBe(false);
    } finally {
      host.run('pvesh delete /cluster/backup/nightly');
    }
  });

  it('end with the VM', async () => {
    await project.json(['vm:apply']);
    expect(own()).toBeDefined();
    await project.json(['vm:destroy', '--yes']);
    expect(own()).toBeUndefined();
  });
});
