/** Templates on every kind of storage, beside another run, and of a zebu that is killed at each step; those that go well: test/integration/vm. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { killZebu } from '../../support/cli.js';
import { leftOnHost } from '../../support/community-script.js';
import { theLab } from '../../support/lab.js';
import { fault } from '../../support/lab-control.js';
import { nodeOf } from '../../support/node.js';
import type { Project } from '../../support/project.js';
import { end, Templates, type Created, type Diagnosis } from '../../support/templates.js';

const lab = theLab();
const node = nodeOf(lab);
const templates = new Templates(lab);

describe('on a storage', { timeout: 600_000 }, () => {
  const storage = 'clones';
  let project: Project;

  afterEach(async () => {
    await end(project);
    await templates.remove();
    await node.ask('DELETE', `/storage/${storage}`);
  });

  it.each([
    ['zfspool', { pool: 'rpool/data' }, /^clones:base-\d+-disk-0\/vm-\d+-disk-0$/, true],
    ['lvmthin', { vgname: 'pve', thinpool: 'data' }, /^clones:vm-\d+-disk-0$/, true],
    ['lvm', { vgname: 'pve' }, /^clones:vm-\d+-disk-0$/, false],
  ] as const)('of type %s the clone is what Proxmox can make there', async (type, options, volume, linked) => {
    await node.ask('POST', '/storage', { storage, type, content: 'images', ...options });
    project = templates.app(`template-${type}`, 'api', { storage });
    const created = await project.json<Created>(['vm:create']);
    expect(created.template).toMatchObject({ made: true, linked });
    expect(String((await templates.configOf(created.vmid))['scsi0']).split(',')[0]).toMatch(volume);
    expect(await project.json(['vm:diff'])).toMatchObject({ drift: [] });
  });
});

describe('zebu that is killed', { timeout: 1_200_000 }, () => {
  let project: Project;
  let images: readonly string[];

  beforeEach(async () => {
    await templates.remove();
    images = leftOnHost(lab);
  });
  afterEach(async () => {
    await end(project);
    await templates.remove();
  });

  /** Requests that were answered, from which on each of them is another state of things. */
  const MAKING = [
    /POST \S+\/nodes\/\S+\/qemu ok/,
    /PUT \S+\/resize ok/,
    /POST \S+\/status\/start ok/,
    /GET \S+\/agent\/file-read ok/,
    /POST \S+\/status\/shutdown ok/,
    /POST \S+\/template ok/,
  ];

  it.each(['ssh', 'api'] as const)('while it makes the template leaves nothing behind, over %s', async (transport) => {
    project = templates.app(`template-killed-${transport}`, transport);
    const killed: string[] = [];
    for (const pattern of MAKING) {
      const at = await killZebu(['vm:create', '--debug'], { cwd: project.folder, env: project.env }, [], pattern);
      if (at !== undefined) killed.push(at);
      expect((await templates.machines()).filter(({ tags = '' }) => tags.includes(`zebu-app-${project.app}`))).toEqual(
        [],
      );
    }
    expect(killed).toHaveLength(MAKING.length);
    const seen = await project.zebu(['doctor', '--json']);
    const { checks } = (JSON.parse(seen.stdout) as { result: Diagnosis }).result;
    expect(checks.find(({ id }) => id === 'templates')).toMatchObject({ status: 'warn' });
    expect(await templates.oneOfEach(project, images)).toMatchObject({ template: { made: true } });
  });

  it.each(['ssh', 'api'] as const)('while the VM is cloned leaves nothing behind, over %s', async (transport) => {
    project = templates.app(`template-cloning-${transport}`, transport);
    await project.json(['vm:create']);
    await project.json(['vm:destroy', '--yes']);
    const command = { cwd: project.folder, env: project.env };
    // The task goes on when nobody waits for it: it is ended, or what it has made is removed.
    await fault(lab, { kind: 'delay-task', task: 'qmclone', ms: 4000 });
    expect(await killZebu(['vm:create', '--debug'], command, [], /POST \S+\/clone ok/)).toBeDefined();
    expect(await killZebu(['vm:create'], command, ['- Make it ours'])).toBeDefined();
    expect(await killZebu(['vm:create'], command, ['- Grow the disk'])).toBeDefined();
    await templates.oneOfEach(project, images);
  });
});

describe('beside another', { timeout: 600_000 }, () => {
  const projects: Project[] = [];
  beforeAll(() => templates.remove());
  afterAll(async () => {
    for (const project of projects) await end(project);
    await templates.remove();
  });

  it('that is making the template, it makes its VM without one', async () => {
    const [maker, other] = [templates.app('template-maker', 'api'), templates.app('template-other', 'ssh')] as const;
    projects.push(maker, other);
    let began: () => void = () => {};
    const building = new Promise<void>((resolve) => (began = resolve));
    const making = maker.zebu(['vm:create', '--json', '--debug'], {
      onStderr: (text) => /POST \S+\/qemu ok/.test(text) && began(),
    });
    await building;
    const run = await other.zebu(['vm:create', '--json']);
    expect(run.code, run.stderr).toBe(0);
    expect(run.stderr).toContain('Another run is making the template');
    expect((JSON.parse(run.stdout) as { result: Created }).result.template).toBeNull();
    const done = await making;
    expect(done.code, done.stderr).toBe(0);
    expect(await templates.all()).toHaveLength(1);
  });
});
