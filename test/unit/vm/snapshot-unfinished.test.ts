import { describe, expect, it } from 'vitest';
import { snapshotForDeploy } from '../../../src/lib/runs/snapshot.js';
import {
  deleteSnapshot,
  listSnapshots,
  rollbackSnapshot,
  takeSnapshot,
} from '../../../src/lib/vm/snapshot/snapshots.js';
import { snapshotList } from '../../../src/lib/vm/snapshot/results.js';
import { BEGIN, fakeProxmox } from '../../support/fake-proxmox.js';

const VM = '/nodes/pve/qemu/100';
const ROW = { type: 'qemu', vmid: 100, node: 'pve', name: 'shop', tags: 'zebu;zebu-app-shop', status: 'stopped' };
const CURRENT = { name: 'current', description: 'You are here!', running: 0, digest: 'cb3de43b' };
/** As a real node lists one that was begun and came to no end (`16-snapshot-list-with-snapstate`). */
const HALF = { description: '', name: 'before', snapstate: 'prepare', snaptime: BEGIN, vmstate: 0 };
const GOOD = { description: 'zebu: before', name: 's1', snaptime: BEGIN - 100, vmstate: 0 };

const upid = (type: string) => `UPID:pve:00000477:000F16AB:6B0B2F95:${type}:100:root@pam:`;
const ended = (type: string, exitstatus = 'OK') => ({
  [`GET /nodes/pve/tasks/${upid(type)}/status`]: { upid: upid(type), type, status: 'stopped', exitstatus },
});

function setup(snapshots: readonly object[], more: Readonly<Record<string, unknown>> = {}) {
  const sent: [string, unknown][] = [];
  const starts = (name: string, type: string) => (params: unknown) => (sent.push([name, params]), upid(type));
  const fake = fakeProxmox({
    'GET /cluster/resources': [ROW],
    [`GET ${VM}/config`]: { name: 'shop', scsi0: 'local:100/vm-100-disk-0.qcow2,size=10G' },
    [`GET ${VM}/status/current`]: { status: 'stopped' },
    [`GET ${VM}/snapshot`]: [...snapshots, CURRENT],
    'GET /storage': [{ storage: 'local', type: 'dir' }],
    [`POST ${VM}/snapshot`]: starts('take', 'qmsnapshot'),
    [`DELETE ${VM}/snapshot/before`]: starts('delete', 'qmdelsnapshot'),
    [`DELETE ${VM}/snapshot/deploy-old`]: starts('delete old', 'qmdelsnapshot'),
    ...ended('qmsnapshot'),
    ...ended('qmdelsnapshot'),
    ...more,
  });
  return { ...fake, sent };
}

describe('a snapshot that was begun and came to no end', () => {
  it('is listed as such, for programs as well', async () => {
    const list = await listSnapshots(setup([GOOD, HALF]).context);
    expect(list.list.map(({ name, unfinished }) => [name, unfinished])).toEqual([
      ['s1', null],
      ['before', 'taking'],
    ]);
    expect(snapshotList.parse(list).list[1]).toMatchObject({ name: 'before', unfinished: 'taking' });
    const deleting = await listSnapshots(setup([{ ...HALF, snapstate: 'delete' }]).context);
    expect(deleting.list[0]?.unfinished).toBe('deleting');
  });

  it('is nothing to roll back to: nothing is asked, stopped or changed', async () => {
    const { context, asked } = setup([HALF]);
    const confirm = async (): Promise<true> => expect.unreachable('asked');
    await expect(rollbackSnapshot(context, { name: 'before', start: false, confirm })).rejects.toMatchObject({
      code: 'SNAPSHOT_REFUSED',
      message: 'Taking the snapshot before of VM 100 came to no end, so there is nothing to go back to',
      hint: expect.stringContaining('zebu vm:snapshot:delete before') as string,
    });
    expect(asked.filter((line) => !line.startsWith('GET'))).toEqual([]);
  });

  it('can be deleted although not every disk has it', async () => {
    const { context, sent } = setup([HALF]);
    await deleteSnapshot(context, { name: 'before', allowFreeze: false });
    expect(sent).toEqual([['delete', { force: 1 }]]);
    const good = setup([{ ...HALF, snapstate: undefined }]);
    await deleteSnapshot(good.context, { name: 'before', allowFreeze: false });
    expect(good.sent).toEqual([['delete', {}]]);
  });

  it('has a way out where it keeps the VM locked', async () => {
    const { context } = setup([HALF], {
      ...ended('qmdelsnapshot', 'VM is locked (snapshot)'),
      [`GET /nodes/pve/tasks/${upid('qmdelsnapshot')}/log`]: [{ n: 1, t: 'TASK ERROR: VM is locked (snapshot)' }],
    });
    await expect(deleteSnapshot(context, { name: 'before', allowFreeze: false })).rejects.toMatchObject({
      code: 'TASK_FAILED',
      hint: expect.stringContaining('qm unlock') as string,
    });
  });

  it('is called half-made where its name is wanted', async () => {
    const again = takeSnapshot(setup([HALF]).context, { name: 'before', allowFreeze: false });
    await expect(again).rejects.toMatchObject({
      code: 'SNAPSHOT_REFUSED',
      message: expect.stringContaining('has a half-made snapshot before') as string,
    });
  });

  it('of an earlier deploy goes with the others, and is never the one a deploy relies on', async () => {
    const { context, sent } = setup([{ ...HALF, name: 'deploy-old' }]);
    const report = { update: () => {}, output: () => {}, done: () => {} };
    expect(await snapshotForDeploy(context, 'r2', report)).toBeUndefined();
    expect(sent.map(([name]) => name)).toEqual(['take', 'delete old']);
    expect(sent[1]?.[1]).toEqual({ force: 1 });
  });
});

describe('a deletion that somebody else was quicker with', () => {
  it('is done', async () => {
    const { context } = setup([GOOD, { ...GOOD, name: 'before' }], {
      ...ended('qmdelsnapshot', "snapshot 'before' does not exist"),
      [`GET /nodes/pve/tasks/${upid('qmdelsnapshot')}/log`]: [],
    });
    expect(await deleteSnapshot(context, { name: 'before', allowFreeze: false })).toMatchObject({ changed: true });
  });

  it('is not any failure that speaks of something missing', async () => {
    const { context } = setup([{ ...GOOD, name: 'before' }], {
      ...ended('qmdelsnapshot', "command 'qemu-img snapshot -d' failed: exit code 1"),
      [`GET /nodes/pve/tasks/${upid('qmdelsnapshot')}/log`]: [{ n: 1, t: "storage 'fast' does not exist" }],
    });
    await expect(deleteSnapshot(context, { name: 'before', allowFreeze: false })).rejects.toMatchObject({
      code: 'TASK_FAILED',
    });
  });
});

describe('a VM of the community script on a directory', () => {
  it('is refused its snapshot with what to type', async () => {
    const { context } = setup([], {
      [`GET ${VM}/config`]: {
        name: 'shop',
        efidisk0: 'local:100/vm-100-disk-0.raw,efitype=4m,size=528K',
        tpmstate0: 'local:100/vm-100-disk-2.raw,size=4M',
        scsi0: 'local:100/vm-100-disk-1.qcow2,size=10G',
      },
    });
    await expect(takeSnapshot(context, { name: 'x1', allowFreeze: true })).rejects.toMatchObject({
      code: 'SNAPSHOT_REFUSED',
      message: expect.stringContaining('efidisk0 is on local: a raw file on a storage of type dir has none') as string,
      hint: 'On the host, with the VM stopped: qm disk move 100 efidisk0 local --format qcow2 --delete 1; qm disk move 100 tpmstate0 STORAGE --delete 1 (STORAGE on ZFS, LVM-thin or Ceph). Or back it up instead: zebu vm:backup:create',
    });
  });
});
