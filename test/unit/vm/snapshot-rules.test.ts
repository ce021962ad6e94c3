import { describe, expect, it } from 'vitest';
import {
  dataDisks,
  defaultSnapshotName,
  judgeDisks,
  newerThan,
  snapshotNameProblem,
} from '../../../src/lib/vm/snapshot/rules.js';
import type { Snapshot } from '../../../src/lib/vm/snapshot/results.js';

describe('the disks a snapshot is about', () => {
  it('are those with data: no CD drive, no cloud-init drive, no network', () => {
    const config = {
      scsi0: 'local:100/vm-100-disk-0.qcow2,discard=on,size=10G',
      virtio1: 'local-zfs:vm-100-disk-1,size=4G',
      efidisk0: 'local:100/vm-100-disk-2.raw,size=528K',
      ide2: 'local:100/vm-100-cloudinit.qcow2,media=cdrom',
      ide3: 'none,media=cdrom',
      unused0: 'local:100/vm-100-disk-9.qcow2',
      scsihw: 'virtio-scsi-single',
      net0: 'virtio=BC:24:11:53:DF:56,bridge=vmbr0',
    };
    expect(dataDisks(config)).toEqual([
      { slot: 'scsi0', volid: 'local:100/vm-100-disk-0.qcow2', storage: 'local', format: 'qcow2' },
      { slot: 'virtio1', volid: 'local-zfs:vm-100-disk-1', storage: 'local-zfs', format: 'raw' },
      { slot: 'efidisk0', volid: 'local:100/vm-100-disk-2.raw', storage: 'local', format: 'raw' },
    ]);
  });
});

describe('what a storage makes of snapshots', () => {
  const matrix: readonly [string, string, boolean, 'freezes' | 'newest only' | 'none' | 'plain'][] = [
    ['dir', '100/vm-100-disk-0.qcow2', false, 'freezes'],
    ['dir', '100/vm-100-disk-0.raw', false, 'none'],
    ['dir', '100/vm-100-disk-0.vmdk', false, 'none'],
    ['dir', '100/vm-100-disk-0.qcow2', true, 'newest only'],
    ['nfs', '100/vm-100-disk-0.qcow2', false, 'freezes'],
    ['cifs', '100/vm-100-disk-0.raw', false, 'none'],
    ['btrfs', '100/vm-100-disk-0.raw', false, 'plain'],
    ['btrfs', '100/vm-100-disk-0.qcow2', false, 'freezes'],
    ['zfspool', 'vm-100-disk-0', false, 'newest only'],
    ['zfs', 'vm-100-disk-0', false, 'newest only'],
    ['lvmthin', 'vm-100-disk-0', false, 'plain'],
    ['rbd', 'vm-100-disk-0', false, 'plain'],
    ['lvm', 'vm-100-disk-0', false, 'none'],
    ['lvm', 'vm-100-disk-0.qcow2', true, 'newest only'],
    ['iscsi', '0.0.1.scsi-1', false, 'none'],
    ['somebodys-plugin', 'vm-100-disk-0', false, 'plain'],
  ];
  it.each(matrix)('%s, %s, volume chain %s: %s', (type, volume, volumeChain, expected) => {
    const [verdict] = judgeDisks({ scsi0: `st:${volume},size=1G` }, [{ storage: 'st', type, volumeChain }]);
    const said =
      verdict?.refusal !== undefined
        ? 'none'
        : verdict?.freezes === true
          ? 'freezes'
          : verdict?.newestOnly === true
            ? 'newest only'
            : 'plain';
    expect(said).toBe(expected);
  });

  it('lets Proxmox judge a storage that may not be seen', () => {
    expect(judgeDisks({ scsi0: 'hidden:vm-100-disk-0' }, [])).toMatchObject([{ type: 'unknown', freezes: false }]);
  });
});

describe('newer snapshots', () => {
  const snapshot = (name: string, time: number, parent: string | null = null): Snapshot => ({
    name,
    time,
    parent,
    description: '',
    memory: false,
    unfinished: null,
  });

  it('are those taken later, on whichever branch', () => {
    const list = [snapshot('a', 1), snapshot('b', 2, 'a'), snapshot('c', 3, 'a')];
    expect(newerThan('a', list)).toEqual(['b', 'c']);
    expect(newerThan('b', list)).toEqual(['c']);
    expect(newerThan('c', list)).toEqual([]);
  });

  it('include those made of it in the same second', () => {
    expect(newerThan('a', [snapshot('a', 5), snapshot('b', 5, 'a')])).toEqual(['b']);
    expect(newerThan('b', [snapshot('a', 5), snapshot('b', 5, 'a')])).toEqual([]);
  });
});

describe('names', () => {
  it.each(['before-v2', 's1', 'zebu_1', 'A-'])('takes %s', (name) => {
    expect(snapshotNameProblem(name)).toBeUndefined();
  });
  it.each(['1 bad', 'a', '', '-x', 'a b', 'a.b', 'current', 'pending', 'x'.repeat(41), 'ä1', '../x'])(
    'does not take %s',
    (name) => {
      expect(snapshotNameProblem(name)).toBeDefined();
    },
  );
  it('makes one of the time that Proxmox takes', () => {
    const name = defaultSnapshotName(new Date('2026-11-24T21:03:09.123Z'));
    expect(name).toBe('zebu-20261124-210309');
    expect(snapshotNameProblem(name)).toBeUndefined();
  });
});
