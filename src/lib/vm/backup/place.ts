import type { z } from 'zod';
import type { storagesAnswer } from '../../proxmox/answers.js';

type StorageRow = z.infer<typeof storagesAnswer>[number];

/** Where a storage lies: what is on the node itself is lost with it. */
export type BackupPlace = 'backup-server' | 'network' | 'node';

const OVER_THE_NETWORK = new Set(['nfs', 'cifs', 'cephfs', 'glusterfs']);

export function placeOf({ type, shared }: Pick<StorageRow, 'shared' | 'type'>): BackupPlace {
  if (type === 'pbs') return 'backup-server';
  return OVER_THE_NETWORK.has(type) || shared === true ? 'network' : 'node';
}

const RANK: Readonly<Record<BackupPlace, number>> = { 'backup-server': 0, network: 1, node: 2 };

const takesBackups = (row: StorageRow): boolean =>
  row.content.split(',').includes('backup') && row.active !== false && row.enabled !== false;

/** Storages that take backups, those first that survive the node. */
export function backupStoragesOf(rows: readonly StorageRow[]): readonly StorageRow[] {
  return rows.filter(takesBackups).toSorted((a, b) => RANK[placeOf(a)] - RANK[placeOf(b)]);
}

export const PLACES: Readonly<Record<BackupPlace, string>> = {
  'backup-server': 'a backup server',
  network: 'on the network',
  node: 'on the node itself',
};
