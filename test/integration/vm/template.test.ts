/** VMs that are cloned from a template of zebu's, which the first of them has made; on other storages, and killed at each step: test/long/vm. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { killZebu } from '../../support/cli.js';
import { leftOnHost } from '../../support/community-script.js';
import { theLab } from '../../support/lab.js';
import { nodeOf } from '../../support/node.js';
import type { Project } from '../../support/project.js';
import { refusal } from '../../support/refusal.js';
import { end, Templates, type Created, type Diagnosis } from '../../support/templates.js';
import { tinyApp, version } from '../../support/tiny-app.js';

const lab = theLab();
const node = nodeOf(lab);
const templates = new Templates(lab);

const shell = async (project: Project, script: string): Promise<string> => {
  const run = await project.zebu(['vm:exec', '--', 'sh', '-c', script]);
  if (run.code !== 0) throw new Error(run.stderr);
  return run.stdout.trim();
};

/** What only one machine may have, and what tells whose it is. */
const OWN = [
  'cat /etc/machine-id',
  'cat /etc/ssh/ssh_host_ed25519_key.pub | cut -d" " -f2',
  'cat /var/lib/docker/engine-id',
  'cat /etc/hostname',
  'cat /var/lib/cloud/data/instance-id',
];

describe('two apps on one node', { timeout: 600_000 }, () => {
  let first: Project;
  let second: Project;
  let made: Created;
  let cloned: Created;

  const create = (project: Project): Promise<Created> => project.json<Created>(['vm:create']);
  const doctor = (args: readonly string[] = []): Promise<Diagnosis> =>
    first
      .zebu(['doctor', '--json', ...args])
      .then(({ stdout }) => (JSON.parse(stdout) as { result: Diagnosis }).result);
  const checkOf = ({ checks }: Diagnosis) => checks.find(({ id }) => id === 'templates');

  beforeAll(async () => {
    await templates.remove();
    first = templates.app('template-first', 'ssh');
    second = tinyApp({
      lab,
      app: 'template-second',
      config: { vm: { template: true, user: 'ops', disk_gb: 7, swap_mb: 0, memory_mb: 640 } },
    });
  });
  afterAll(async () => {
    await end(first);
    await end(second);
    await templates.remove();
  });

  it('is planned: the template first, then the VM from it, and nothing is changed', async () => {
    const before = await templates.machines();
    const planned = await first.json<Created>(['vm:create', '--dry-run']);
    expect(planned.template).toMatchObject({
      made: true,
      linked: null,
      name: expect.stringMatching(/^zebu-template-/) as string,
    });
    const wanted = planned.steps.map(({ method, path }) => `${method} ${path}`);
    const template = templates.pathOf(planned.template?.vmid ?? 0);
    expect(wanted.filter((line) => line.startsWith(`POST ${template}/`) && /(clone|template)$/.test(line))).toEqual([
      `POST ${template}/template`,
      `POST ${template}/clone`,
    ]);
    expect(wanted.at(-1)).toBe(`POST ${templates.pathOf(planned.vmid)}/status/start`);
    expect(await templates.machines()).toEqual(before);
    expect(checkOf(await doctor())).toMatchObject({
      status: 'ok',
      detail: expect.stringContaining('none yet') as string,
    });
  });

  it('the first one makes a template, and is a clone of it that is like any VM', async () => {
    made = await create(first);
    expect(made.template).toMatchObject({ made: true, linked: true });
    expect(made.template?.name).toMatch(/^zebu-template-debian\d+-docker\d+-[0-9a-f]{8}$/);
    expect(await first.json(['vm:diff'])).toMatchObject({ drift: [], foreignRules: [] });
    expect(await first.json(['vm:create'])).toMatchObject({ changed: false, template: null });
  });

  it('the template belongs to no app, is protected, and holds nobody’s keys or settings', async () => {
    const { vmid = 0, name = '' } = made.template ?? {};
    const config = await templates.configOf(vmid);
    expect(config).toMatchObject({ name, template: 1, protection: 1, tags: 'zebu-template', onboot: 0 });
    expect(Object.keys(config).filter((key) => /^(ciuser|sshkeys|ipconfig0|cipassword)$/.test(key))).toEqual([]);
    expect(String(config['scsi0'])).toContain(`/base-${vmid}-disk-0.qcow2,`);
    expect(String((await templates.configOf(made.vmid))['scsi0'])).toContain(
      `base-${vmid}-disk-0.qcow2/${made.vmid}/vm-`,
    );
  });

  // How long each takes is measured by the benchmark vm-create, and beside each other where guests boot (test/long/vm/template.test.ts).
  it('the second one, of another size and user, is a clone of the same', async () => {
    cloned = await create(second);
    expect(cloned.template).toEqual({ ...made.template, made: false });
    expect(await second.json(['vm:diff'])).toMatchObject({ drift: [], foreignRules: [] });
    const disk = String((await templates.configOf(cloned.vmid))['scsi0']);
    expect(disk).toContain(`base-${made.template?.vmid ?? 0}-disk-0.qcow2/`);
    expect(disk).toContain('size=7G');
  });

  it('they share no id, no host key, no user, and nothing of who made the template', async () => {
    const script = OWN.map((one) => `echo "$(${one})"`).join('; ');
    const own = [await shell(first, script), await shell(second, script)].map((text) => text.split('\n'));
    expect(own.map((lines) => lines.length)).toEqual([OWN.length, OWN.length]);
    for (const [at, value] of (own[0] ?? []).entries()) {
      expect(value, OWN[at]).not.toBe('');
      expect(value, OWN[at]).not.toBe(own[1]?.[at]);
    }
    const users = 'getent passwd | cut -d: -f1; ls /home; grep -rhoE "^[a-z-]+ ALL" /etc/sudoers.d | cut -d" " -f1';
    expect((await shell(first, users)).split('\n')).not.toContain('zebu-builder');
    const others = (await shell(second, users)).split('\n');
    expect(others).toContain('ops');
    expect(others).not.toContain('deploy');
    expect(others).not.toContain('zebu-builder');
    const keys = await shell(second, 'cat /home/*/.ssh/authorized_keys');
    expect(keys.split('\n')).toHaveLength(1);
    // What cloud-init has logged is of this boot alone.
    expect(await shell(second, 'grep -rl zebu-builder /etc /var/lib/cloud /var/log 2>/dev/null || :')).toBe('');
  });

  it('an app is deployed to the clone as to any other VM', async () => {
    version(second, 'v1');
    await second.json(['app:deploy', '--tag', 'v1']);
    expect(
      await shell(second, 'wget -qO- http://127.0.0.1:8080/version || curl -s http://127.0.0.1:8080/version'),
    ).toBe('v1');
  });

  it('doctor says what is there, and does not remove what VMs are linked to', async () => {
    const { name = '' } = made.template ?? {};
    const seen = checkOf(await doctor());
    expect(seen).toMatchObject({ status: 'ok' });
    expect(seen?.detail).toContain(`${name} (VM ${made.template?.vmid}`);
    expect(seen?.detail).toContain(
      `to which VM ${[made.vmid, cloned.vmid].toSorted((a, b) => a - b).join(', ')} is linked`,
    );
    // Another origin of Docker is another template: no VM of this app is cloned from this one any more.
    const otherwise = await doctor(['--clean', '--set', 'vm.docker=docker']);
    expect(otherwise.cleaned).toEqual([]);
    expect(checkOf(otherwise)?.detail).toContain('no longer what zebu.yml asks for');
    expect(await templates.all()).toHaveLength(1);
  });

  it('vm:destroy leaves the template, and then doctor removes it where nobody needs it', async () => {
    for (const project of [first, second]) await project.json(['vm:destroy', '--yes']);
    expect(await templates.all()).toHaveLength(1);
    expect((await doctor(['--clean'])).cleaned).toEqual([]);
    expect(checkOf(await doctor(['--set', 'vm.template=false']))).toMatchObject({ status: 'warn' });
    const { cleaned, checks } = await doctor(['--clean', '--set', 'vm.docker=docker']);
    expect(cleaned).toEqual([
      { vmid: made.template?.vmid, name: made.template?.name, bytes: expect.any(Number) as number },
    ]);
    expect(checks.find(({ id }) => id === 'templates')?.detail).toContain('none yet');
    expect(await templates.all()).toEqual([]);
  });
});

describe('zebu that is ended', { timeout: 600_000 }, () => {
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

  it('by doctor --clean what is left goes, too', async () => {
    project = templates.app('template-cleaned', 'api');
    const command = { cwd: project.folder, env: project.env };
    expect(await killZebu(['vm:create', '--debug'], command, [], /POST \S+\/status\/start ok/)).toBeDefined();
    const run = await project.json<Diagnosis>(['doctor', '--clean']);
    // The one that was to become the template, and the one that kept an id for its clone.
    const vm = { vmid: expect.any(Number) as number, name: 'left of a run that was killed', bytes: null };
    expect(run.cleaned).toEqual([vm, vm]);
    expect(leftOnHost(lab).filter((name) => !images.includes(name))).toEqual([]);
  });

  it('Ctrl-C removes what was begun at once', async () => {
    project = templates.app('template-interrupted', 'api');
    let told = false;
    const run = await project.zebu(['vm:create', '--debug'], {
      onStderr: (text, pid) => {
        if (told || !/POST \S+\/status\/start ok/.test(text)) return;
        told = true;
        process.kill(pid, 'SIGINT');
      },
    });
    expect(run.code, run.stderr).not.toBe(0);
    expect(leftOnHost(lab).filter((name) => !images.includes(name))).toEqual([]);
  });
});

describe('what cannot work', () => {
  let project: Project;
  afterEach(() => end(project));

  it('without VM.Clone is said before anything is made', async () => {
    project = templates.app('template-weak', 'api');
    const privs =
      'Datastore.AllocateSpace Datastore.AllocateTemplate Datastore.Audit SDN.Use Sys.AccessNetwork Sys.Audit VM.Allocate VM.Audit VM.Config.CDROM VM.Config.CPU VM.Config.Cloudinit VM.Config.Disk VM.Config.HWType VM.Config.Memory VM.Config.Network VM.Config.Options VM.Monitor VM.PowerMgmt';
    await node.ask('POST', '/access/roles', { roleid: 'Cloneless', privs });
    await node.ask('POST', '/access/users', { userid: 'cloneless@pve' });
    await node.ask('PUT', '/access/acl', { path: '/', users: 'cloneless@pve', roles: 'Cloneless' });
    const token = await node.ask<{ value: string }>('POST', '/access/users/cloneless@pve/token/cli', { privsep: '0' });
    const env = { ZEBU_PROXMOX_TOKEN: `cloneless@pve!cli=${token.value}` };
    const before = await templates.machines();
    const args = ['vm:create', '--set', 'proxmox.token_file='];
    expect(await refusal(project, args, { env })).toMatchObject({
      code: 'PROXMOX_FORBIDDEN',
      message: expect.stringContaining('VM.Clone on /vms') as string,
      hint: expect.stringContaining('doctor --role') as string,
    });
    expect(await templates.machines()).toEqual(before);
    const run = await project.zebu(['doctor', '--json', '--set', 'proxmox.token_file='], { env });
    const { checks } = (JSON.parse(run.stdout) as { result: Diagnosis }).result;
    expect(checks.find(({ id }) => id === 'privileges')).toMatchObject({
      status: 'fail',
      detail: expect.stringContaining('VM.Clone on /vms (vm.template)') as string,
    });
  });

  it('with the community script is said at once', async () => {
    project = templates.app('template-script', 'ssh', { provisioner: 'community-script' });
    expect(await refusal(project, ['vm:create'])).toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining('vm.template') as string,
    });
  });
});
