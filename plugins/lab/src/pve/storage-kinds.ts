/**
 * How storages of a type behave, whatever they are made of here: every volume of the lab is a file, but a `zfspool` names
 * its volumes, keeps its snapshots and refuses a rollback as ZFS does.
 */
export interface StorageKind {
  /** Volumes are files in folders (`local:100/vm-100-disk-0.qcow2`); else names alone (`local-zfs:vm-100-disk-0`). */
  readonly files: boolean;
  /** Formats whose volumes can be snapshotted. */
  readonly snapshots: readonly string[];
  /** A rollback is possible to the newest snapshot of a volume only. */
  readonly newestOnly: boolean;
  /**
   * A volume can become the base of others: whether what is cloned from it names it (`base-100-disk-0/vm-101-disk-0`), or
   * nothing of the type does. Left out: no base, no clones.
   */
  readonly clones?: 'named' | 'plain';
  /** Every node sees the same volumes. */
  readonly shared: boolean;
  /** Content types the type can take. */
  readonly content: readonly string[];
  /** Where the host shows a volume, before the storage's own options. */
  readonly shown: (storage: string, options: Readonly<Record<string, string>>) => string;
}

const FILE_CONTENT = ['images', 'rootdir', 'vztmpl', 'import', 'iso', 'snippets', 'backup'];
const BLOCK_CONTENT = ['images', 'rootdir'];

export const STORAGE_KINDS: Readonly<Record<string, StorageKind>> = {
  dir: {
    files: true,
    snapshots: ['qcow2'],
    newestOnly: false,
    clones: 'named',
    shared: false,
    content: FILE_CONTENT,
    shown: (_, options) => options['path'] ?? '/var/lib/vz',
  },
  nfs: {
    files: true,
    snapshots: ['qcow2'],
    newestOnly: false,
    clones: 'named',
    shared: true,
    content: FILE_CONTENT,
    shown: (storage) => `/mnt/pve/${storage}`,
  },
  zfspool: {
    files: false,
    snapshots: ['raw'],
    newestOnly: true,
    clones: 'named',
    shared: false,
    content: BLOCK_CONTENT,
    shown: (_, options) => `/dev/zvol/${options['pool'] ?? 'rpool/data'}`,
  },
  lvmthin: {
    files: false,
    snapshots: ['raw'],
    newestOnly: false,
    clones: 'plain',
    shared: false,
    content: BLOCK_CONTENT,
    shown: (_, options) => `/dev/${options['vgname'] ?? 'pve'}`,
  },
  lvm: {
    files: false,
    snapshots: [],
    newestOnly: false,
    shared: false,
    content: BLOCK_CONTENT,
    shown: (_, options) => `/dev/${options['vgname'] ?? 'pve'}`,
  },
  rbd: {
    files: false,
    snapshots: ['raw'],
    newestOnly: false,
    clones: 'named',
    shared: true,
    content: BLOCK_CONTENT,
    shown: (_, options) => `/dev/rbd-pve/${options['pool'] ?? 'rbd'}`,
  },
};

/** Options of `POST /storage` that each type cannot do without. */
export const REQUIRED_OPTIONS: Readonly<Record<string, readonly string[]>> = {
  dir: ['path'],
  nfs: ['server', 'export'],
  zfspool: ['pool'],
  lvmthin: ['thinpool', 'vgname'],
  lvm: ['vgname'],
  rbd: [],
};
