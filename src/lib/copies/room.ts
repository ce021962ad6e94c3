import { ZebuError } from '@zebu/kit';
import * as z from 'zod';
import { nodeStatusAnswer, storagesAnswer, type QemuConfig } from '../proxmox/answers.js';
import type { ProxmoxClient } from '../proxmox/client.js';
import type { NodeName } from '../proxmox/ids.js';
import { parseAnswer } from '../proxmox/parse.js';
import { diskBytes, parseProperties } from '../proxmox/properties.js';
import { unlessUnseen } from '../proxmox/sight.js';
import { formatBytes } from '../ui/units.js';
import { currentSize } from '../vm/resize.js';

/** Whether the host has room for a copy beside everything that runs: a full storage would stop the original, too. */

const GIB = 1024 ** 3;
const MIB = 1024 ** 2;
/** Left free behind a copy. */
const SPARE = GIB;

const DISK = /^(?:scsi|virtio|sata|ide|efidisk|tpmstate)\d+$/;
/** Kinds of storage that give a disk all of its size at once. */
const THICK = new Set(['lvm', 'iscsi', 'iscsidirect']);

interface Disk {
  readonly storage: string;
  readonly bytes: number;
  readonly volume: string;
}

/** Disks that a copy will have. */
export function disksOf(config: QemuConfig): readonly Disk[] {
  return Object.entries(config).flatMap(([slot, value]) => {
    const { bare, values } = parseProperties(value);
    const volume = bare ?? values.get('file') ?? '';
    if (!DISK.test(slot) || !volume.includes(':') || values.get('media') === 'cdrom') return [];
    return [{ storage: volume.slice(0, volume.indexOf(':')), bytes: diskBytes(value) ?? 0, volume }];
  });
}

const volumesAnswer = z.array(z.object({ volid: z.string(), used: z.coerce.number().optional() }));

/** What a disk of the original really takes; undefined where the storage does not say. */
async function usedBytes(
  client: ProxmoxClient,
  node: NodeName,
  { storage, volume }: Disk,
): Promise<number | undefined> {
  try {
    const data = await client.request('GET', `/nodes/${node}/storage/${storage}/content`, { content: 'images' });
    return parseAnswer(volumesAnswer, data, `the volumes of ${storage}`).find(({ volid }) => volid === volume)?.used;
  } catch {
    // The original may be gone, or its storage not be seen: then all of its size is asked for.
    return undefined;
  }
}

export interface Wanted {
  /** Of what is copied: its disks and their sizes. */
  readonly config: QemuConfig;
  /** Where the disks go; undefined for where they were. */
  readonly storage: string | undefined;
  /** Undefined for as much as that has. */
  readonly memoryMb: number | undefined;
  /** Of the archive, where it is one: at least so much will be there. */
  readonly archiveBytes: number;
  /** Where a backup is made first, of which it is restored. What that is packed into is not known before: it counts as its disks. */
  readonly backupStorage?: string | undefined;
  /** What is done in the copy may fill its disks: they count with their whole size, also where the storage is thin. */
  readonly grows?: boolean | undefined;
}

/** What of it goes to that storage, in words. */
function whatTakes({ config, storage, backupStorage }: Wanted, name: string): string {
  if (backupStorage !== name) return 'a copy';
  const both = disksOf(config).some((disk) => (storage ?? disk.storage) === name);
  return both ? 'a backup and the copy that is made of it' : 'a backup';
}

/** @throws CONFIG_INVALID for a storage that cannot be used, NO_SPACE where there is not enough */
export async function requireRoom(client: ProxmoxClient, node: NodeName, wanted: Wanted): Promise<void> {
  const [storageData, statusData] = await Promise.all([
    client.request('GET', `/nodes/${node}/storage`),
    client.request('GET', `/nodes/${node}/status`),
  ]);
  const storages = parseAnswer(storagesAnswer, storageData, 'the list of storages');
  const needs = new Map<string, number>();
  for (const disk of disksOf(wanted.config)) {
    const name = wanted.storage ?? disk.storage;
    const row = storages.find(({ storage }) => storage === name);
    if (row === undefined || row.active === false || row.enabled === false) {
      const what = row === undefined ? 'is not there' : 'cannot be reached, or is switched off';
      const error = new ZebuError('CONFIG_INVALID', `The storage ${name} ${what}`, {
        hint: 'Name another one with --storage, or see to it in Proxmox.',
      });
      throw row === undefined ? await unlessUnseen(client, 'storage', error, name) : error;
    }
    if (!row.content.split(',').includes('images'))
      throw new ZebuError('CONFIG_INVALID', `The storage ${name} does not take disks of VMs`, {
        hint: 'Name another one with --storage.',
      });
    const whole = THICK.has(row.type) || wanted.grows === true;
    const used = whole && wanted.backupStorage === undefined ? undefined : await usedBytes(client, node, disk);
    const need = whole || used === undefined ? disk.bytes : Math.max(used, wanted.archiveBytes);
    needs.set(name, (needs.get(name) ?? 0) + need);
    const { backupStorage } = wanted;
    if (backupStorage !== undefined) needs.set(backupStorage, (needs.get(backupStorage) ?? 0) + (used ?? disk.bytes));
  }
  for (const [name, need] of needs) {
    const avail = storages.find(({ storage }) => storage === name)?.avail;
    if (avail === undefined || avail >= need + SPARE) continue;
    throw new ZebuError(
      'NO_SPACE',
      `The storage ${name} has ${formatBytes(avail)} left; ${whatTakes(wanted, name)} takes ${formatBytes(need)}, and ${formatBytes(SPARE)} are kept free`,
      {
        hint:
          wanted.backupStorage === name
            ? 'Free some, or name another one with --backup-storage.'
            : 'Free some, or name another one with --storage.',
        details: { storage: name, avail, need },
      },
    );
  }
  const memoryMb = wanted.memoryMb ?? currentSize(wanted.config).memoryMb;
  const { memory } = parseAnswer(nodeStatusAnswer, statusData, 'the status of the node');
  const available = memory.available ?? memory.free;
  if (available < memoryMb * MIB)
    throw new ZebuError(
      'NO_SPACE',
      `The node ${node} has ${Math.floor(available / MIB)} MiB of memory left; the copy wants ${memoryMb}`,
      { hint: 'Give the copy less with --memory, or stop another VM meanwhile.', details: { node, available } },
    );
}
