import { ZebuError } from '@zebu/kit';
import { describe, expect, it } from 'vitest';
import { restoreAnew } from '../../../src/lib/vm/backup/left-over.js';
import { makeClient } from '../../../src/lib/proxmox/client.js';
import { toNodeName, toVmid } from '../../../src/lib/proxmox/ids.js';
import { runLongTask } from '../../../src/lib/proxmox/long-task.js';
import { fakeProxmox, inTurn, refuses } from '../../support/fake-proxmox.js';

const VM = '/nodes/pve/qemu/105';
const upid = (type: string) => `UPID:pve:000008BE:000FF00C:6B0B31C1:${type}:105:zebu@pve!cli:`;
const task = (type: string) => `/nodes/pve/tasks/${upid(type)}`;
const stopped = (type: string, exitstatus: string) => ({ upid: upid(type), type, status: 'stopped', exitstatus });
const EMPTY = { digest: 'da39a3ee5e6b4b0d3255bfef95601890afd80709' };

const FAILS = {
  'POST /nodes/pve/qemu': upid('qmrestore'),
  [`GET ${task('qmrestore')}/status`]: stopped('qmrestore', 'command failed: exit code 1'),
  [`GET ${task('qmrestore')}/log`]: [{ n: 1, t: 'zstd: error: unexpected end of file' }],
  [`GET ${VM}/config`]: EMPTY,
  [`GET ${VM}/status/current`]: { status: 'stopped' },
  [`DELETE ${VM}`]: upid('qmdestroy'),
  [`GET ${task('qmdestroy')}/status`]: stopped('qmdestroy', 'OK'),
  'GET /nodes/pve/tasks': [],
};

async function restoring(answers: Readonly<Record<string, unknown>>, interrupt = false) {
  const fake = fakeProxmox({ ...FAILS, ...answers });
  const { context, transport, asked, abort } = fake;
  const client = await makeClient(transport, context.io);
  const vm = { node: toNodeName('pve'), vmid: toVmid(105) };
  const report = { update: () => {} };
  const send = async (): Promise<unknown> => {
    const data = await client.request('POST', '/nodes/pve/qemu', { vmid: 105 });
    if (interrupt) abort.abort(new ZebuError('INTERRUPTED', 'Interrupted by SIGINT.'));
    return data;
  };
  const error = await restoreAnew(
    context,
    client,
    vm,
    send,
    (sent) => runLongTask(context, client, { ...vm, type: 'qmrestore', label: 'restoring VM 105', send: sent }, report),
    async () => transport,
  ).then(
    () => undefined,
    (thrown: unknown) => thrown as ZebuError,
  );
  return { error, changes: asked.filter((line) => !line.startsWith('GET')) };
}

describe('a restore under a new id that fails', () => {
  it('leaves nothing behind, and says so beside the reason', async () => {
    const { error, changes } = await restoring({});
    expect(error).toMatchObject({
      code: 'TASK_FAILED',
      message:
        'Proxmox failed restoring VM 105: command failed: exit code 1; its log says: zstd: error: unexpected end of file; the empty VM 105 that it left was removed',
    });
    expect(changes).toEqual(['POST /nodes/pve/qemu', `DELETE ${VM}`]);
  });

  it('for want of a right, leaves nothing behind either', async () => {
    const exit = '403 Permission check failed (/storage/local, Datastore.AllocateSpace)';
    const { error, changes } = await restoring({ [`GET ${task('qmrestore')}/status`]: stopped('qmrestore', exit) });
    expect(error).toMatchObject({ code: 'PROXMOX_FORBIDDEN', details: { privilege: 'Datastore.AllocateSpace' } });
    expect(changes).toContain(`DELETE ${VM}`);
  });

  it.each([
    ['a disk', { ...EMPTY, scsi0: 'local:105/vm-105-disk-0.qcow2,size=3G' }],
    ['a disk nobody uses', { ...EMPTY, unused0: 'local:105/vm-105-disk-0.qcow2' }],
    ['a name', { ...EMPTY, name: 'shop' }],
  ])('names a VM with %s and leaves it alone', async (_, config) => {
    const { error, changes } = await restoring({ [`GET ${VM}/config`]: config });
    expect(changes).toEqual(['POST /nodes/pve/qemu']);
    expect(error).toMatchObject({
      message: expect.stringMatching(/; it leaves VM 105$/) as string,
      hint: expect.stringContaining('qm destroy 105') as string,
      details: { left: 105 },
    });
  });

  it('leaves one that runs alone', async () => {
    const { changes } = await restoring({ [`GET ${VM}/status/current`]: { status: 'running' } });
    expect(changes).toEqual(['POST /nodes/pve/qemu']);
  });

  it('finds that there is nothing', async () => {
    const gone = refuses(500, "Configuration file 'nodes/pve/qemu-server/105.conf' does not exist");
    const { error, changes } = await restoring({ [`GET ${VM}/config`]: gone });
    expect(error?.message).toMatch(/; nothing is left of it$/);
    expect(changes).toEqual(['POST /nodes/pve/qemu']);
  });

  it('tells of what it could not remove', async () => {
    const { error } = await restoring({
      [`GET ${task('qmdestroy')}/status`]: stopped('qmdestroy', 'VM is locked (create)'),
      [`GET ${task('qmdestroy')}/log`]: [],
    });
    expect(error).toMatchObject({ code: 'TASK_FAILED', details: { left: 105 } });
  });
});

describe('an id that somebody has', () => {
  it('is refused by Proxmox, and the VM is never touched', async () => {
    const taken = refuses(500, 'unable to restore VM 105 - VM 105 already exists on node "pve"');
    const { error, changes } = await restoring({ 'POST /nodes/pve/qemu': taken });
    expect(error).toMatchObject({ code: 'PROXMOX_REFUSED' });
    expect(changes).toEqual(['POST /nodes/pve/qemu']);
    expect(error?.details).not.toHaveProperty('left');
  });

  it('is not touched either when the answer was lost and a task of that id failed', async () => {
    const lost = () => {
      throw new ZebuError('OUTCOME_UNKNOWN', 'the answer was lost');
    };
    const row = { upid: upid('qmrestore'), type: 'qmrestore', id: '105', starttime: 4e9 };
    const { error, changes } = await restoring({ 'POST /nodes/pve/qemu': lost, 'GET /nodes/pve/tasks': [row] });
    expect(changes).toEqual(['POST /nodes/pve/qemu']);
    expect(error).toMatchObject({ message: expect.stringMatching(/there may be an unfinished VM 105$/) as string });
  });
});

describe('a restore that is interrupted', () => {
  const goesOn = { upid: upid('qmrestore'), type: 'qmrestore', status: 'running' };
  const stop = { [`DELETE ${task('qmrestore')}`]: null };

  it('is stopped, and the empty VM goes', async () => {
    const { error, changes } = await restoring(
      {
        ...stop,
        [`GET ${task('qmrestore')}/status`]: inTurn(goesOn, stopped('qmrestore', 'received interrupt')),
      },
      true,
    );
    expect(changes).toEqual(['POST /nodes/pve/qemu', `DELETE ${task('qmrestore')}`, `DELETE ${VM}`]);
    expect(error).toMatchObject({
      code: 'INTERRUPTED',
      exit: 130,
      message: 'Interrupted by SIGINT; the empty VM 105 that it left was removed',
    });
  });

  it('that came to its end meanwhile is kept', async () => {
    const { error, changes } = await restoring(
      { ...stop, [`GET ${task('qmrestore')}/status`]: stopped('qmrestore', 'OK') },
      true,
    );
    expect(changes).not.toContain(`DELETE ${VM}`);
    expect(error?.message).toContain('VM 105 is restored');
  });

  it('that Proxmox does not stop is named with its task', async () => {
    const { error, changes } = await restoring({ ...stop, [`GET ${task('qmrestore')}/status`]: goesOn }, true);
    expect(changes).not.toContain(`DELETE ${VM}`);
    expect(error).toMatchObject({
      message: expect.stringContaining('goes on in Proxmox') as string,
      hint: expect.stringContaining(upid('qmrestore')) as string,
      details: { left: 105 },
    });
  });
});
