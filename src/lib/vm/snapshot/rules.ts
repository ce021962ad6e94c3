import { parseProperties } from '../../proxmox/properties.js';
import type { Snapshot } from './results.js';

/** What snapshots of a disk are like, by the type of its storage. The facts are Proxmox's own, in its storage plugins. */

export interface Disk {
  /** `scsi0`, `efidisk0`. */
  readonly slot: string;
  readonly volid: string;
  readonly storage: string;
  readonly format: 'qcow2' | 'raw' | 'vmdk';
}

/** An entry of storage.cfg, as far as it matters here. */
export interface StorageFacts {
  readonly storage: string;
  readonly type: string;
  /** `snapshot-as-volume-chain` of Proxmox VE 9. */
  readonly volumeChain: boolean;
}

export interface DiskVerdict extends Disk {
  /** Of the storage; `unknown` when it may not be seen. */
  readonly type: string;
  /** Why there can be none; undefined when there can. */
  readonly refusal?: string;
  /** Taking or deleting one lets a running VM stand still until it is done. */
  readonly freezes: boolean;
  /** Only the newest can be rolled back to. */
  readonly newestOnly: boolean;
}

const DISK_SLOT = /^(scsi|virtio|sata|ide)\d+$|^(efidisk0|tpmstate0)$/;
const DIRECTORIES = new Set(['dir', 'nfs', 'cifs', 'cephfs', 'glusterfs']);

/** The disks of a VM's configuration that hold data; CD drives, the cloud-init one included, are left out. */
export function dataDisks(config: Readonly<Record<string, string>>): readonly Disk[] {
  return Object.entries(config).flatMap(([slot, value]): readonly Disk[] => {
    if (!DISK_SLOT.test(slot)) return [];
    const { bare = '', values } = parseProperties(value);
    const volid = bare === '' ? (values.get('file') ?? '') : bare;
    const cut = volid.indexOf(':');
    if (values.get('media') === 'cdrom' || cut < 1) return [];
    const format = values.get('format') ?? /\.(qcow2|vmdk|raw)$/.exec(volid)?.[1] ?? 'raw';
    return [
      { slot, volid, storage: volid.slice(0, cut), format: format === 'qcow2' || format === 'vmdk' ? format : 'raw' },
    ];
  });
}

/** @param facts undefined when the storage is not in the list that may be seen */
function judgeDisk(disk: Disk, facts: StorageFacts | undefined): DiskVerdict {
  const can = { ...disk, type: facts?.type ?? 'unknown', freezes: false, newestOnly: false };
  if (facts === undefined) return can;
  const { type, volumeChain } = facts;
  if (type === 'zfspool' || type === 'zfs') return { ...can, newestOnly: true };
  if (type === 'lvmthin' || type === 'rbd') return can;
  if (DIRECTORIES.has(type) || type === 'btrfs') {
    if (disk.format === 'qcow2') return volumeChain ? { ...can, newestOnly: true } : { ...can, freezes: true };
    if (type === 'btrfs' && disk.format === 'raw') return can;
    return { ...can, refusal: `a ${disk.format} file on a storage of type ${type} has none; a qcow2 file has` };
  }
  if (type === 'lvm') {
    if (disk.format === 'qcow2') return { ...can, newestOnly: true };
    return { ...can, refusal: 'LVM has none unless its volumes are thin (lvmthin), or on Proxmox VE 9 a volume chain' };
  }
  if (type === 'iscsi' || type === 'iscsidirect' || type === 'esxi')
    return { ...can, refusal: `a storage of type ${type} has none` };
  // A storage plugin from elsewhere: Proxmox itself knows.
  return can;
}

/** @param storages those that may be seen */
export function judgeDisks(
  config: Readonly<Record<string, string>>,
  storages: readonly StorageFacts[],
): readonly DiskVerdict[] {
  return dataDisks(config).map((disk) =>
    judgeDisk(
      disk,
      storages.find(({ storage }) => storage === disk.storage),
    ),
  );
}

/** A file in a directory may be another kind of file; the state of a TPM, in most versions, not. */
function becomesQcow2({ slot, type }: DiskVerdict): boolean {
  return slot !== 'tpmstate0' && DIRECTORIES.has(type);
}

/** What to do about disks that have no snapshots, ready to be typed. */
export function snapshotRemedy(refused: readonly DiskVerdict[], vmid: number): string {
  const moves = refused.map((disk) =>
    becomesQcow2(disk)
      ? `qm disk move ${vmid} ${disk.slot} ${disk.storage} --format qcow2 --delete 1`
      : `qm disk move ${vmid} ${disk.slot} STORAGE --delete 1 (STORAGE on ZFS, LVM-thin or Ceph)`,
  );
  return `On the host, with the VM stopped: ${moves.join('; ')}. Or back it up instead: zebu vm:backup:create`;
}

/**
 * The community script makes the EFI disk of its VM without naming a format, which is a raw file in a directory.
 * @returns why its VM will have no snapshots, and what to do about it; undefined when it will
 */
export function efiDiskProblem({
  storage,
  type,
}: Pick<StorageFacts, 'storage' | 'type'>): { readonly detail: string; readonly remedy: string } | undefined {
  const disk: Disk = { slot: 'efidisk0', volid: `${storage}:`, storage, format: 'raw' };
  if (!DIRECTORIES.has(type) || judgeDisk(disk, { storage, type, volumeChain: false }).refusal === undefined)
    return undefined;
  return {
    detail: `a VM of the community script cannot have snapshots on ${storage} (type ${type}): its EFI disk is a raw file there`,
    remedy: `Choose a vm.storage on ZFS, LVM-thin or Ceph, or vm.provisioner cloud-image. Or make the EFI disk qcow2 afterwards, with the VM stopped, on the host: qm disk move VMID efidisk0 ${storage} --format qcow2 --delete 1`,
  };
}

/** The snapshots taken after one, oldest first. */
export function newerThan(name: string, snapshots: readonly Snapshot[]): readonly string[] {
  const children = (parent: string): readonly Snapshot[] => snapshots.filter((each) => each.parent === parent);
  const self = snapshots.find((each) => each.name === name);
  if (self === undefined) return [];
  const below = new Set<string>();
  const visit = (parent: string): void => {
    for (const child of children(parent)) {
      if (below.has(child.name)) continue;
      below.add(child.name);
      visit(child.name);
    }
  };
  visit(name);
  return snapshots
    .filter((each) => each.name !== name && (each.time > self.time || below.has(each.name)))
    .toSorted((a, b) => a.time - b.time)
    .map((each) => each.name);
}

/** What Proxmox takes as a name (`pve-configid`). @returns what is wrong with it; undefined when nothing is */
export function snapshotNameProblem(name: string): string | undefined {
  if (name === 'current' || name === 'pending') return 'Proxmox keeps this name for itself';
  if (name.length > 40) return 'it may have 40 characters';
  if (!/^[A-Za-z][A-Za-z0-9_-]+$/.test(name))
    return 'a letter, then at least one more letter, digit, hyphen or underscore';
  return undefined;
}

/** `zebu-20261124-210300`, in UTC. */
export function defaultSnapshotName(now: Date): string {
  return `zebu-${now.toISOString().slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '-')}`;
}
