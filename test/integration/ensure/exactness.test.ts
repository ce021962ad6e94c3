import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { theLab } from '../../support/lab.js';
import { fault } from '../../support/lab-control.js';
import { onHost } from '../../support/lab-host.js';
import { makeProject, type Project, type TransportId } from '../../support/project.js';
import { refusal } from '../../support/refusal.js';

interface Diff {
  readonly drift: readonly { readonly key: string; readonly change: string }[];
  readonly foreignRules: readonly string[];
  readonly guestChecked: boolean;
}

interface Created {
  readonly changed: boolean;
  readonly vmid: number;
  readonly hostKeys: readonly string[];
}

interface Applied {
  readonly changed: boolean;
  readonly guestChanges: readonly string[];
  readonly needsRestart: readonly string[];
  readonly restarted: boolean;
}

const keys = ({ drift }: Diff): readonly string[] => [...new Set(drift.map((row) => row.key))].toSorted();

const inVm = async (project: Project, ...argv: readonly string[]): Promise<string> =>
  (await project.json<{ stdout: string }>(['vm:ssh', '--', ...argv])).stdout;

describe.each<[TransportId]>([['ssh'], ['api']])('a VM made over %s', (transport) => {
  const lab = theLab();
  let project: Project;
  let created: Created;

  beforeAll(async () => {
    const files = { 'compose.yml': 'services:\n  web:\n    image: web\n    ports: ["8080:80"]\n' };
    project = makeProject({ lab, app: `exact-${transport}`, transport, files });
    created = await project.json<Created>(['vm:create']);
  });
  afterAll(async () => {
    await project.zebu(['vm:destroy', '--yes']);
    project.remove();
  });

  it('is exactly what zebu.yml says, and stays as it is when it is made again', async () => {
    const run = await project.zebu(['vm:diff', '--exit-code', '--json']);
    const { result } = JSON.parse(run.stdout) as { result: Diff };
    expect(result).toMatchObject({ drift: [], foreignRules: [], guestChecked: true });
    expect(run.code).toBe(0);
    expect(await project.json<Created>(['vm:create'])).toMatchObject({ changed: false, vmid: created.vmid });
  });

  it('lets in by key only and root not at all', async () => {
    const settings = await inVm(project, 'sudo', 'sshd', '-T');
    expect(settings).toContain('passwordauthentication no\n');
    expect(settings).toContain('kbdinteractiveauthentication no\n');
    expect(settings).toContain('permitrootlogin no\n');
  });

  it('is known by its own host key', async () => {
    const own = (await inVm(project, 'cat', '/etc/ssh/ssh_host_ed25519_key.pub')).split(' ').slice(0, 2).join(' ');
    expect(created.hostKeys).toEqual([own]);
  });

  it('is closed but for SSH, ping and what the app publishes', () => {
    const path = `/nodes/${lab.node}/qemu/${created.vmid}/firewall`;
    const options = JSON.parse(onHost(lab, 'pvesh', 'get', `${path}/options`, '--output-format', 'json')) as object;
    expect(options).toMatchObject({ enable: 1, policy_in: 'DROP', dhcp: 1 });
    const rules = JSON.parse(onHost(lab, 'pvesh', 'get', `${path}/rules`, '--output-format', 'json')) as {
      dport?: string;
      macro?: string;
    }[];
    expect(rules.map((rule) => rule.dport ?? rule.macro).toSorted()).toEqual(['22', '8080', 'Ping']);
  });
});

describe('drift', () => {
  const lab = theLab();
  let project: Project;
  let created: Created;
  let vmid: string;
  const diff = (...flags: readonly string[]): Promise<Diff> => project.json<Diff>(['vm:diff', ...flags]);

  beforeAll(async () => {
    project = makeProject({ lab, app: 'drift', transport: 'api' });
    created = await project.json<Created>(['vm:create']);
    vmid = String(created.vmid);
  });
  afterAll(async () => {
    await project.zebu(['vm:destroy', '--yes']);
    project.remove();
  });

  it('made by hand is shown, and repaired in place', async () => {
    onHost(lab, 'qm', 'set', vmid, '--onboot', '0', '--tags', 'mine;zebu-app-drift');
    const rules = `/nodes/${lab.node}/qemu/${vmid}/firewall/rules`;
    onHost(lab, 'pvesh', 'delete', `${rules}/0`);
    onHost(
      lab,
      'pvesh',
      'create',
      rules,
      '--type',
      'in',
      '--action',
      'DROP',
      '--source',
      '192.0.2.66',
      '--enable',
      '1',
    );
    await inVm(project, 'sudo', 'rm', '/etc/ssh/sshd_config.d/00-zebu.conf');

    const run = await project.zebu(['vm:diff', '--exit-code', '--json']);
    expect(run.code).toBe(6);
    const before = (JSON.parse(run.stdout) as { result: Diff }).result;
    expect(keys(before)).toEqual(['guest.sshd', 'guest.tags', 'vm.firewall', 'vm.onboot']);
    expect(before.foreignRules).toEqual(['in DROP all from 192.0.2.66']);

    const planned = await project.json<Applied>(['vm:apply', '--dry-run']);
    expect(planned.changed).toBe(false);
    expect(keys(await diff())).toEqual(keys(before));

    expect(await project.json<Applied>(['vm:apply'])).toMatchObject({ changed: true, restarted: false });
    const after = await diff();
    expect(after.drift).toEqual([]);
    expect(after.foreignRules).toHaveLength(1);
    expect(onHost(lab, 'qm', 'config', vmid)).toMatch(/^tags: .*mine/m);
    // What others forbid stays before what zebu opens.
    const listed = JSON.parse(onHost(lab, 'pvesh', 'get', rules, '--output-format', 'json')) as { action: string }[];
    expect(listed[0]).toMatchObject({ action: 'DROP' });
  });

  it.each([
    ['vm.disk_gb=5', /disks are never shrunk/],
    ['vm.vmid=4711', /keeps its id for life/],
    ['vm.storage=elsewhere', /qm disk move/],
  ])('to %s is refused before anything is changed', async (wish, hint) => {
    const before = onHost(lab, 'qm', 'config', vmid);
    const error = await refusal(project, ['vm:apply', '--set', wish, '--set', 'vm.memory_mb=600']);
    expect(error).toMatchObject({ code: 'VM_DIFFERS', exit: 6 });
    expect(error.hint).toMatch(hint);
    expect(onHost(lab, 'qm', 'config', vmid)).toBe(before);
  });

  it('names privilege and path of what Proxmox does not allow', async () => {
    const reason = `Permission check failed (/vms/${vmid}, VM.Config.Options)`;
    await fault(lab, { kind: 'status', method: 'POST', path: `/qemu/${vmid}/config`, status: 403, reason });
    const error = await refusal(project, ['vm:apply', '--set', 'vm.onboot=false']);
    expect(error).toMatchObject({ code: 'PROXMOX_FORBIDDEN', exit: 5 });
    expect(error.hint).toContain(`VM.Config.Options on /vms/${vmid}`);
  });

  it('never locks its own login out', async () => {
    const other = join(project.folder, 'other');
    spawnSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'other', '-f', other]);
    const wish = `vm.ssh_keys=["${readFileSync(`${other}.pub`, 'utf8').trim()}"]`;
    const before = onHost(lab, 'qm', 'config', vmid);
    const error = await refusal(project, ['vm:apply', '--set', wish]);
    expect(error).toMatchObject({ code: 'VM_NOT_READY', exit: 6 });
    expect(error.message).toMatch(/undone/);
    expect(await inVm(project, 'id', '-un')).toBe('deploy\n');
    // Nor is it locked out by the next start, when cloud-init hands out the keys that Proxmox has.
    expect(onHost(lab, 'qm', 'config', vmid)).toBe(before);
  });

  it('of the host key is refused', async () => {
    await inVm(
      project,
      'sudo',
      'sh',
      '-c',
      'rm /etc/ssh/ssh_host_*; ssh-keygen -q -t ed25519 -N "" -f /etc/ssh/ssh_host_ed25519_key; kill -HUP $(cat /run/sshd.pid)',
    );
    for (const command of ['vm:create', 'vm:diff', 'app:status']) {
      expect(await refusal(project, [command])).toMatchObject({ code: 'HOST_KEY_CHANGED', exit: 4 });
    }
  });
});

describe('a VM that cannot be', () => {
  const lab = theLab();
  let project: Project;
  const made = (): string => onHost(lab, 'qm', 'list');

  beforeAll(() => {
    project = makeProject({ lab, app: 'refused', transport: 'api' });
  });
  afterAll(() => project.remove());

  it('under the id of a foreign VM is refused', async () => {
    onHost(lab, 'qm', 'create', '7777', '--name', 'foreign');
    const before = made();
    const error = await refusal(project, ['vm:create', '--set', 'vm.vmid=7777']);
    expect(error).toMatchObject({ code: 'VMID_TAKEN', exit: 6 });
    expect(error.message).toContain('foreign');
    expect(made()).toBe(before);
    onHost(lab, 'qm', 'destroy', '7777');
  });

  it('on a node without room is refused before it is made', async () => {
    const before = made();
    const error = await refusal(project, ['vm:create', '--set', 'vm.memory_mb=9000000']);
    expect(error).toMatchObject({ code: 'NO_SPACE', exit: 6 });
    expect(made()).toBe(before);
  });

  it('below the recommended sizes is warned of', async () => {
    const sizes = ['vm.cores=1', 'vm.memory_mb=512', 'vm.disk_gb=5'].flatMap((size) => ['--set', size]);
    const run = await project.zebu(['vm:create', '--dry-run', ...sizes]);
    expect(run.code).toBe(0);
    for (const key of ['vm.cores', 'vm.memory_mb', 'vm.disk_gb'])
      expect(run.stderr).toContain(`${key} is below the recommended minimum`);
  });
});
