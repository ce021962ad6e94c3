import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { theLab } from '../../support/lab.js';
import { nodeOf } from '../../support/node.js';
import { makeProject, type Project } from '../../support/project.js';
import { refusal } from '../../support/refusal.js';

const node = nodeOf(theLab());
const STORAGE = 'disks';

/** The same volumes under another type: the lab's storages differ by their rules alone. */
async function storageIs(type: string, options: Readonly<Record<string, string>>): Promise<void> {
  await node.ask('DELETE', `/storage/${STORAGE}`).catch(() => undefined);
  await node.ask('POST', '/storage', { storage: STORAGE, type, content: 'images', ...options });
}

describe('snapshots', () => {
  let project: Project;
  const shell = async (script: string): Promise<string> => {
    const run = await project.zebu(['vm:exec', '--', 'sh', '-c', script]);
    if (run.code !== 0) throw new Error(run.stderr);
    return run.stdout.trim();
  };

  beforeAll(async () => {
    await storageIs('zfspool', { pool: 'rpool/data' });
    project = makeProject({
      lab: theLab(),
      app: 'snap',
      transport: 'api',
      config: { vm: { storage: STORAGE, memory_mb: 512, disk_gb: 5 } },
    });
    await project.json(['vm:create']);
  });
  afterAll(async () => {
    await project.zebu(['vm:destroy', '--yes']);
    await node.ask('DELETE', `/storage/${STORAGE}`);
    project.remove();
  });

  it('rewind the data of the VM, after saying so', async () => {
    await shell('echo before > /opt/zebu/data; sync');
    const taken = await project.json<{ consistency: string }>([
      'vm:snapshot:create',
      'first',
      '--description',
      'a note',
    ]);
    expect(taken.consistency).toBe('agent');
    await shell('echo after > /opt/zebu/data');

    const unconfirmed = await project.zebu(['vm:snapshot:rollback', 'first', '--start']);
    expect(unconfirmed.code).toBe(2);
    expect(unconfirmed.stderr).toMatch(/rewinds its data to \d{4}-.* UTC, \d+ s ago: everything written since is lost/);
    expect(await shell('cat /opt/zebu/data')).toBe('after');

    const back = await project.json(['vm:snapshot:rollback', 'first', '--start', '--yes']);
    expect(back).toMatchObject({ changed: true, snapshot: 'first', status: 'running' });
    expect(await shell('cat /opt/zebu/data')).toBe('before');
    const listed = await project.json(['vm:snapshot:list']);
    expect(listed).toMatchObject({ current: 'first', list: [{ name: 'first', description: 'a note', parent: null }] });
  });

  it('on ZFS go back to the newest only, and the newer ones are named', async () => {
    await project.json(['vm:snapshot:create', 'second']);
    const run = await project.zebu(['vm:snapshot:rollback', 'first', '--yes', '--json']);
    expect(run.code).toBe(6);
    expect(JSON.parse(run.stdout)).toMatchObject({
      error: { code: 'SNAPSHOT_REFUSED', message: expect.stringContaining('newer than first: second') as string },
    });
    await expect(
      node.ask(
        'POST',
        `/nodes/pve/qemu/${(await project.json<{ vmid: number }>(['vm:status'])).vmid}/snapshot/first/rollback`,
      ),
    ).rejects.toThrow("'first' is not most recent snapshot");
  });

  it('on LVM-thin go back to any', async () => {
    await storageIs('lvmthin', { vgname: 'pve', thinpool: 'data' });
    const back = await project.json(['vm:snapshot:rollback', 'first', '--yes']);
    expect(back).toMatchObject({ status: 'stopped' });
  });

  it('do not exist on thick LVM, and Proxmox says the same', async () => {
    await storageIs('lvm', { vgname: 'pve' });
    const run = await project.zebu(['vm:snapshot:create', 'third']);
    expect(run.code).toBe(6);
    expect(run.stderr).toContain('scsi0 is on disks: LVM has none unless its volumes are thin');
    const { vmid } = await project.json<{ vmid: number }>(['vm:status']);
    await expect(node.ask('POST', `/nodes/pve/qemu/${vmid}/snapshot`, { snapname: 'third' })).rejects.toThrow(
      'snapshot feature is not available',
    );
  });

  it('have names of their own: taken, bad and missing ones are refused before anything is asked for', async () => {
    await storageIs('lvmthin', { vgname: 'pve', thinpool: 'data' });
    for (const [args, code, text] of [
      [['vm:snapshot:create', 'first'], 'SNAPSHOT_REFUSED', 'has a snapshot first already'],
      [['vm:snapshot:create', '1 bad'], 'USAGE', 'cannot be the name of a snapshot'],
      [['vm:snapshot:delete', 'nope'], 'SNAPSHOT_MISSING', 'has no snapshot nope'],
      [['vm:snapshot:rollback', 'nope', '--yes'], 'SNAPSHOT_MISSING', 'There is first, second.'],
    ] as const) {
      const { message, hint = '', ...refused } = await refusal(project, args);
      expect(`${message}\n${hint}`).toContain(text);
      expect(refused.code).toBe(code);
    }
  });

  it('are deleted, the VM as it is stays', async () => {
    await project.json(['vm:snapshot:delete', 'first']);
    await project.json(['vm:snapshot:delete', 'second']);
    expect(await project.json(['vm:snapshot:list'])).toMatchObject({ list: [], current: null });
    await project.json(['vm:start']);
    expect(await shell('cat /opt/zebu/data')).toBe('before');
  });
});
