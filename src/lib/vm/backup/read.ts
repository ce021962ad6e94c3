import { ZebuError } from '@zebu/kit';
import * as z from 'zod';
import { storagesAnswer } from '../../proxmox/answers.js';
import type { ProxmoxClient } from '../../proxmox/client.js';
import { tagsOf } from '../../proxmox/ownership.js';
import { parseAnswer } from '../../proxmox/parse.js';
import { isMarked, isPassing } from './mark.js';
import { backupStoragesOf, placeOf } from './place.js';
import type { Backup } from './results.js';

const number = z.coerce.number();
const flag = z.union([z.boolean(), number.transform((value) => value !== 0)]);

const contentAnswer = z.array(
  z.object({
    volid: z.string(),
    size: number.default(0),
    ctime: number.default(0),
    vmid: number.optional(),
    subtype: z.string().optional(),
    notes: z.string().default(''),
    protected: flag.default(false),
  }),
);

type StorageRow = z.infer<typeof storagesAnswer>[number];

/** Those that take backups; first those that are not on the node itself. */
export async function readBackupStorages(client: ProxmoxClient, node: string): Promise<readonly StorageRow[]> {
  const data = await client.request('GET', `/nodes/${node}/storage`);
  return backupStoragesOf(parseAnswer(storagesAnswer, data, 'the list of storages'));
}

export const backupStorages = async (client: ProxmoxClient, node: string): Promise<readonly string[]> =>
  (await readBackupStorages(client, node)).map(({ storage }) => storage);

/** @throws CONFIG_INVALID when there is none, or not that one */
export function chooseBackupStorage(
  able: readonly string[],
  wanted: string | undefined,
  asked = `--storage ${wanted ?? ''}`,
): string {
  const chosen = wanted ?? able[0];
  if (chosen !== undefined && able.includes(chosen)) return chosen;
  throw new ZebuError(
    'CONFIG_INVALID',
    wanted === undefined ? 'No storage takes backups' : `${asked}: it does not take backups, or is not there`,
    {
      hint:
        able.length > 0
          ? `These do: ${able.join(', ')}.`
          : 'Allow content type backup on one: Datacenter, Storage, Edit.',
    },
  );
}

/**
 * The mark tells. Without one it is the work of others, such as a nightly job, and the id must do. One that is made for a
 * rehearsal and removed by it is no backup.
 */
export const isOurs = (notes: string, vmid: number, app: string, ownVmid: number | undefined): boolean =>
  !isPassing(notes) && (isMarked(notes, app) ?? vmid === ownVmid);

/** Backups of VMs on all storages of a node that take some, newest first. */
async function readAll(
  client: ProxmoxClient,
  node: string,
  wanted: (notes: string, vmid: number) => boolean,
): Promise<readonly Backup[]> {
  const found: Backup[] = [];
  for (const row of await readBackupStorages(client, node)) {
    const { storage } = row;
    const place = placeOf(row);
    const data = await client.request('GET', `/nodes/${node}/storage/${storage}/content`, { content: 'backup' });
    for (const each of parseAnswer(contentAnswer, data, `the backups on ${storage}`)) {
      if (each.vmid === undefined || each.subtype === 'lxc' || !wanted(each.notes, each.vmid)) continue;
      const { volid: backup, size: bytes, ctime: time, notes } = each;
      const about = { backup, vmid: each.vmid, time, bytes, notes: notes.trim(), protected: each.protected };
      found.push({ ...about, storage, place });
    }
  }
  return found.toSorted((a, b) => b.time - a.time);
}

/** Backups of this app: marked as its own, or of its VM. Newest first. */
export const readBackups = (
  client: ProxmoxClient,
  node: string,
  app: string,
  vmid: number | undefined,
): Promise<readonly Backup[]> => readAll(client, node, (notes, each) => isOurs(notes, each, app, vmid));

/** Those that a rehearsal of this app has made, and has not removed yet. */
export const readPassingBackups = (client: ProxmoxClient, node: string, app: string): Promise<readonly Backup[]> =>
  readAll(client, node, (notes) => isPassing(notes, app));

/** Those of a VM that have no notes (yet). */
export const readUnnotedBackups = (client: ProxmoxClient, node: string, vmid: number): Promise<readonly Backup[]> =>
  readAll(client, node, (notes, each) => notes === '' && each === vmid);

/** @param text a volume id, the end of one, or `latest` @throws BACKUP_MISSING naming those there are */
export function findBackup(text: string, backups: readonly Backup[], app: string): Backup {
  const found =
    text === 'latest'
      ? backups.slice(0, 1)
      : backups.filter((each) => each.backup === text || each.backup.endsWith(`/${text}`));
  const [one] = found;
  if (one !== undefined) return one;
  throw new ZebuError('BACKUP_MISSING', `There is no backup ${text} of the app ${app}`, {
    hint:
      backups.length === 0
        ? 'There is none at all; zebu vm:backup:create makes one.'
        : `The newest is ${backups[0]?.backup ?? ''}; zebu vm:backup:list shows all.`,
  });
}

/** The app's tag is in the configuration inside the backup. */
export function backupTags(config: string): readonly string[] {
  return tagsOf(/^tags: (.*)$/m.exec(config)?.[1]);
}
