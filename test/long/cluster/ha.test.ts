/** A cluster of two nodes whose HA manager keeps the VM up: it is put there, told what it shall be, moved, and taken away. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rolePrivileges } from '../../../src/lib/doctor/role.js';
import { nodeOf } from '../../support/node.js';
import { ownLab, type OwnLab } from '../../support/own-lab.js';
import { makeProject, type Project } from '../../support/project.js';
import { refusal } from '../../support/refusal.js';

describe('a VM under the HA manager', () => {
  let lab: OwnLab;
  let project: Project;
  let from: string;
  let to: string;
  const wanted = ['--set', 'vm.ha=true'];
  let sid: string;
  const resources = (): Promise<readonly { sid: string; state?: string }[]> =>
    nodeOf(lab.report).ask('GET', '/cluster/ha/resources');

  beforeAll(async () => {
    lab = await ownLab('ha', '--nodes', '2');
    project = makeProject({ lab: lab.report, app: 'kept-up', transport: 'api' });
    const { node, vmid } = await project.json<{ node: string; vmid: number }>(['vm:create']);
    const nodes = await nodeOf(lab.report).ask<readonly { node: string }[]>('GET', '/nodes');
    from = node;
    to = nodes.map((each) => each.node).find((name) => name !== node) ?? '';
    sid = `vm:${vmid}`;
  });
  afterAll(async () => {
    await project.zebu(['vm:destroy', '--yes']);
    project.remove();
    await lab.down();
  });

  it('comes there by vm:apply, which vm:diff tells before and vm:create sees to, too', async () => {
    const { drift } = await project.json<{ drift: unknown[] }>(['vm:diff', ...wanted]);
    expect(drift).toEqual([
      { key: 'vm.ha', wanted: 'under the HA manager', found: 'not under the HA manager', change: 'now' },
    ]);
    const step = { method: 'POST', path: '/cluster/ha/resources', params: { sid, state: 'started' } };
    expect(await project.json(['vm:create', '--dry-run', ...wanted])).toMatchObject({ steps: [step] });
    const run = await project.zebu(['vm:apply', ...wanted, '--json']);
    expect(JSON.parse(run.stdout)).toMatchObject({ result: { changed: true, steps: [step], restarted: false } });
    expect(run.stderr).toContain(`is ${from}'s own`);
    expect(await resources()).toMatchObject([{ sid, state: 'started' }]);
    expect(await project.json(['vm:create', ...wanted])).toMatchObject({ changed: false, steps: [] });
  });

  it('is off when vm:stop says so, stays off, and runs when vm:start says so', async () => {
    const overSsh = makeProject({ lab: lab.report, app: 'kept-up', transport: 'ssh' });
    try {
      expect(await overSsh.json(['vm:stop'])).toMatchObject({ changed: true, status: 'stopped' });
      expect(await resources()).toMatchObject([{ sid, state: 'stopped' }]);
      expect((await project.json<{ drift: unknown[] }>(['vm:diff', ...wanted])).drift).toEqual([]);
      expect(await overSsh.json(['vm:start'])).toMatchObject({ changed: true, status: 'running', node: from });
      expect(await resources()).toMatchObject([{ sid, state: 'started' }]);
    } finally {
      overSsh.remove();
    }
  });

  it('is moved by it', async () => {
    const run = await project.zebu(['vm:migrate', to, '--with-local-disks']);
    expect(run.code, run.stderr).toBe(0);
    expect(await project.json(['vm:status'])).toMatchObject({ node: to, status: 'running' });
  });

  it('is told to have been given up, when it was, and starts once that is put right', async () => {
    await project.json(['vm:stop', '--force']);
    const config = `/nodes/${to}/qemu/${sid.slice('vm:'.length)}/config`;
    const { net0 } = await nodeOf(lab.report).ask<{ net0: string }>('GET', config);
    await nodeOf(lab.report).ask('PUT', config, { net0: net0.replace(/bridge=\w+/, 'bridge=vmbr9') });
    const error = await refusal(project, ['vm:start']);
    expect(error).toMatchObject({ code: 'TASK_FAILED', exit: 5 });
    expect(error.message).toMatch(/^The HA manager gave up starting VM \d+: start failed/);
    expect(error.hint).toContain(`ha-manager set ${sid} --state disabled`);
    await nodeOf(lab.report).ask('PUT', config, { net0 });
    await nodeOf(lab.report).ask('PUT', `/cluster/ha/resources/${sid}`, { state: 'disabled' });
    await new Promise((resolve) => setTimeout(resolve, 2500));
    expect(await project.json(['vm:create', ...wanted])).toMatchObject({ changed: true, node: to });
  });

  it('cannot be taken from it without the privilege, which is named', async () => {
    const user = 'weak@pve';
    const node = nodeOf(lab.report);
    await node.ask('POST', '/access/roles', { roleid: 'NoHa', privs: rolePrivileges(8).join(' ') });
    await node.ask('POST', '/access/users', { userid: user });
    await node.ask('PUT', '/access/acl', { path: '/', users: user, roles: 'NoHa' });
    const { value } = await node.ask<{ value: string }>('POST', `/access/users/${user}/token/weak`, { privsep: '0' });
    const env = { ZEBU_PROXMOX_TOKEN: `${user}!weak=${value}` };
    const args = ['--json', '--set', 'proxmox.token_file=', '--set', 'vm.ha=false'];
    const run = await project.zebu(['vm:apply', ...args], { env });
    expect(JSON.parse(run.stdout)).toMatchObject({
      error: { code: 'PROXMOX_FORBIDDEN', hint: expect.stringContaining('Sys.Console on /') as string },
    });
    expect((await project.zebu(['doctor', ...args], { env })).stdout).toContain('Sys.Console on / (vm.ha)');
  });

  it('goes with everything, and only then is the resource gone', async () => {
    const path = `/nodes/${to}/qemu/${sid.slice('vm:'.length)}`;
    await expect(nodeOf(lab.report).ask('DELETE', path)).rejects.toThrow('used in HA resources');
    expect(await project.json(['vm:destroy', '--yes'])).toMatchObject({ status: 'absent' });
    expect(await resources()).toEqual([]);
  });
});
