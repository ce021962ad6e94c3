/** What Proxmox only says between the lines is told plainly: on a node that behaves as the real one does. */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { theLab } from '../../support/lab.js';
import { fault } from '../../support/lab-control.js';
import { nodeOf } from '../../support/node.js';
import { makeProject, type Project } from '../../support/project.js';
import { refusal } from '../../support/refusal.js';

const lab = theLab();
const node = nodeOf(lab);

interface Status {
  readonly vmid: number;
  readonly node: string;
  readonly cpu: number | null;
}

/** A token of a user of its own. */
async function tokenWith(user: string, path: string, privs: string): Promise<string> {
  await node.ask('POST', '/access/roles', { roleid: user, privs });
  await node.ask('POST', '/access/users', { userid: `${user}@pve` });
  await node.ask('PUT', '/access/acl', { path, users: `${user}@pve`, roles: user });
  const { value } = await node.ask<{ value: string }>('POST', `/access/users/${user}@pve/token/cli`, { privsep: '0' });
  return `${user}@pve!cli=${value}`;
}

const DOCUMENTED =
  'Datastore.AllocateSpace Datastore.AllocateTemplate Datastore.Audit SDN.Use Sys.AccessNetwork Sys.Audit VM.Allocate VM.Audit VM.Backup VM.Clone VM.Config.CPU VM.Config.Cloudinit VM.Config.Disk VM.Config.HWType VM.Config.Memory VM.Config.Network VM.Config.Options VM.Migrate VM.Monitor VM.PowerMgmt VM.Snapshot';

let project: Project;
let vm: Status;

/** The same project with another token. */
const as = (token: string) => ({ env: { ZEBU_PROXMOX_TOKEN: token } });
const OTHER_TOKEN = ['--set', 'proxmox.token_file='];

beforeAll(async () => {
  project = makeProject({ lab, app: 'told', transport: 'api', config: { vm: { memory_mb: 512, disk_gb: 5 } } });
  await project.json(['vm:create']);
  vm = await project.json<Status>(['vm:status']);
});
afterAll(async () => {
  await project.zebu(['vm:destroy', '--yes']);
  project.remove();
});

describe('a token that sees nothing', () => {
  let weak: ReturnType<typeof as>;
  beforeAll(async () => {
    weak = as(await tokenWith('blind', '/nodes', 'Sys.Audit'));
  });

  it.each([['vm:status'], ['vm:diff'], ['vm:snapshot:list'], ['app:status'], ['vm:create'], ['vm:backup:list']])(
    'is not told by %s that there is no VM',
    async (command) => {
      const error = await refusal(project, [command, ...OTHER_TOKEN], weak);
      expect(error).toMatchObject({
        code: 'PROXMOX_FORBIDDEN',
        hint: expect.stringContaining('doctor --role') as string,
      });
    },
  );

  it('is told by doctor what it cannot see', async () => {
    const run = await project.zebu(['doctor', '--json', ...OTHER_TOKEN], weak);
    const { result } = JSON.parse(run.stdout) as { result: { checks: { id: string; code: string | null }[] } };
    const code = (id: string) => result.checks.find((each) => each.id === id)?.code;
    expect(['vm', 'storage', 'bridge'].map(code)).toEqual(Array.from({ length: 3 }, () => 'PROXMOX_FORBIDDEN'));
  });
});

describe('a task', () => {
  it('that is refused is told as a refusal, with privilege and path', async () => {
    const token = await tokenWith('nocdrom', '/', DOCUMENTED);
    const other = makeProject({ lab, app: 'refused', transport: 'api', config: { vm: { disk_gb: 5 } } });
    try {
      const error = await refusal(other, ['vm:create', ...OTHER_TOKEN], as(token));
      expect(error).toMatchObject({
        code: 'PROXMOX_FORBIDDEN',
        details: { privilege: 'VM.Config.CDROM', aclPath: expect.stringMatching(/^\/vms\/\d+$/) as string },
        hint: expect.stringContaining('doctor --role') as string,
      });
    } finally {
      await other.zebu(['vm:destroy', '--yes']);
      other.remove();
    }
  });

  it('of a backup says what failed, not that something did', async () => {
    await fault(lab, { kind: 'fail-task', task: 'vzdump', reason: "VM 100 qmp command 'query-backup' failed" });
    const error = await refusal(project, ['vm:backup:create']);
    expect(error.code).toBe('TASK_FAILED');
    expect(error.message).toContain('job errors; its log says: ');
    expect(error.message).toContain("qmp command 'query-backup' failed");
  });
});

describe('a restore that fails', () => {
  it('leaves no empty VM, and the one that is there is not touched', async () => {
    await project.json(['vm:backup:create']);
    const before = await node.ask<{ vmid: number }[]>('GET', '/cluster/resources', { type: 'vm' });
    await fault(lab, { kind: 'fail-task', task: 'qmrestore', reason: 'exit code 1' });
    const error = await refusal(project, ['vm:backup:restore', 'latest', '--as-new']);
    expect(error).toMatchObject({
      code: 'TASK_FAILED',
      message: expect.stringMatching(/empty VM \d+ that it left was removed$/) as string,
    });
    const after = await node.ask<{ vmid: number }[]>('GET', '/cluster/resources', { type: 'vm' });
    expect(after.map(({ vmid }) => vmid).toSorted()).toEqual(before.map(({ vmid }) => vmid).toSorted());
  });
});

describe('a snapshot that was cut short', () => {
  it('is called half-made, is nothing to go back to, and can be deleted', async () => {
    await fault(lab, { kind: 'fail-task', task: 'qmsnapshot', reason: 'got signal 9' });
    await refusal(project, ['vm:snapshot:create', 'half', '--allow-freeze']);
    const { list } = await project.json<{ list: { name: string; unfinished: string | null }[] }>(['vm:snapshot:list']);
    expect(list).toMatchObject([{ name: 'half', unfinished: 'taking' }]);
    expect(await refusal(project, ['vm:snapshot:rollback', 'half', '--yes'])).toMatchObject({
      code: 'SNAPSHOT_REFUSED',
    });
    await project.json(['vm:snapshot:delete', 'half', '--allow-freeze']);
    expect(await project.json(['vm:snapshot:list'])).toMatchObject({ list: [] });
  });
});

describe('a VM whose file systems are held', () => {
  it('is waited for, and what it was asked is done then', async () => {
    const agent = `/nodes/${vm.node}/qemu/${vm.vmid}/agent`;
    await node.ask('POST', `${agent}/fsfreeze-freeze`);
    const running = project.zebu(['vm:exec', '--', 'echo', 'thawed']);
    try {
      const held = await refusal(project, ['vm:exec', '--timeout', '2', '--', 'true']);
      expect(held).toMatchObject({
        code: 'VM_NOT_READY',
        message: expect.stringContaining('holds the file systems') as string,
      });
    } finally {
      await node.ask('POST', `${agent}/fsfreeze-thaw`);
    }
    const { code, stdout, stderr } = await running;
    expect([code, stdout], stderr).toEqual([0, 'thawed\n']);
    expect(stderr).toContain('holds the file systems');
  });
});

describe('a VM in its first boot', () => {
  it('is told as that within seconds, with all that Proxmox says of it', async () => {
    // What cloud-init makes in the middle of it is not there yet; and this machine has never seen the VM.
    await project.json(['vm:exec', '--', 'sh', '-c', 'mkdir /root/keys && mv /etc/ssh/ssh_host_* /root/keys/']);
    const env = { ZEBU_STATE_DIR: join(project.folder, 'another-machine') };
    try {
      const diff = await project.zebu(['vm:diff', '--json', '--set', 'vm.cores=3'], { env });
      expect(diff.code, diff.stderr).toBe(0);
      expect(JSON.parse(diff.stdout)).toMatchObject({
        result: {
          drift: [{ key: 'vm.cores' }],
          guestChecked: false,
          unavailable: [{ key: 'guest', why: expect.stringContaining('still in its first boot') as string }],
        },
      });
      const { code, stdout } = await project.zebu(['doctor'], { env });
      expect(stdout).toMatch(/^warn {2}vm-ssh .*VM \d+ is still in its first boot, \d+ s after its start/m);
      expect(stdout).toMatch(/^skip {2}docker {6}the VM was not looked into$/m);
      expect(code).toBe(0);
    } finally {
      await project.json(['vm:exec', '--', 'sh', '-c', 'mv /root/keys/* /etc/ssh/ && rmdir /root/keys']);
    }
    expect(await project.json(['vm:diff'], { env })).toMatchObject({ guestChecked: true });
  });
});

describe('tags that the datacenter does not allow', () => {
  it('are told before anything is made', async () => {
    const token = await tokenWith('documented', '/', `${DOCUMENTED} VM.Config.CDROM`);
    await node.ask('PUT', '/cluster/options', { 'user-tag-access': 'user-allow=list,user-allow-list=zebu' });
    const other = makeProject({ lab, app: 'tagged', transport: 'api', config: { vm: { disk_gb: 5 } } });
    try {
      const before = await node.ask<{ vmid: number }[]>('GET', '/cluster/resources', { type: 'vm' });
      const error = await refusal(other, ['vm:create', ...OTHER_TOKEN], as(token));
      expect(error).toMatchObject({
        code: 'PROXMOX_FORBIDDEN',
        message: expect.stringContaining('zebu-app-tagged') as string,
        hint: expect.stringContaining('user-allow=list,user-allow-list=zebu;zebu-app-tagged') as string,
      });
      expect(await node.ask<object[]>('GET', '/cluster/resources', { type: 'vm' })).toHaveLength(before.length);
      const doctor = await other.zebu(['doctor', ...OTHER_TOKEN], as(token));
      expect(doctor.stdout).toMatch(/tags .*does not let the login tag a VM with zebu-app-tagged/);
    } finally {
      await node.ask('PUT', '/cluster/options', { delete: 'user-tag-access' });
      await other.zebu(['vm:destroy', '--yes']);
      other.remove();
    }
  });
});

describe('a VLAN on a bridge without ports', () => {
  it('is refused before anything is made, and told by doctor', async () => {
    const other = makeProject({
      lab,
      app: 'vlan',
      transport: 'ssh',
      config: { vm: { disk_gb: 5, network: { vlan: 7 } } },
    });
    try {
      const error = await refusal(other, ['vm:create']);
      expect(error).toMatchObject({
        code: 'CONFIG_INVALID',
        message: expect.stringContaining('no port for VLAN 7') as string,
      });
      expect((await other.zebu(['doctor'])).stdout).toMatch(/bridge .*no port for VLAN 7/);
    } finally {
      other.remove();
    }
  });

  it('is not tried on a VM that runs', async () => {
    const config = `/nodes/${vm.node}/qemu/${vm.vmid}/config`;
    const { net0 } = await node.ask<{ net0: string }>('GET', config);
    const error = await refusal(project, ['vm:apply', '--set', 'vm.network.vlan=7']);
    expect(error).toMatchObject({ code: 'CONFIG_INVALID' });
    expect(await node.ask('GET', config)).toMatchObject({ net0 });
  });
});
