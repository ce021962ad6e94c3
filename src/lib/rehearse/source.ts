import type { Context } from '../context/context.js';
import { holds, readPermissions } from '../proxmox/permissions.js';
import type { AppVm } from '../vm/app-vm.js';
import { seen } from '../vm/backup/backups.js';
import { backupStorages, chooseBackupStorage, readBackups } from '../vm/backup/read.js';

/** What the copy is made of, in which a release is rehearsed. */
export type Source = 'backup' | 'clone';

/** A clone, unless the login may make none and may back up; it is said where that decides. */
export async function chooseSource(
  { io }: Context,
  { client, vm }: AppVm,
  wanted: Source | undefined,
): Promise<Source> {
  if (wanted !== undefined) return wanted;
  const permissions = await readPermissions(client);
  const may = (privilege: string): boolean => holds(permissions, `/vms/${vm.vmid}`, [privilege]);
  if (may('VM.Clone') || !may('VM.Backup')) return 'clone';
  io.note(`The login may not clone VM ${vm.vmid} (VM.Clone): the copy is restored of a backup that is made for it`);
  return 'backup';
}

/** Where the backup goes: as asked, as `vm.backup` says, where the newest is, or to the first that takes some. @throws CONFIG_INVALID */
export async function backupStorageFor(
  { config }: Context,
  { client, vm }: AppVm,
  flag: string | undefined,
): Promise<string> {
  const able = await backupStorages(client, vm.node);
  const configured = config.vm.backup?.storage;
  const wanted = flag ?? configured ?? (await readBackups(client, vm.node, config.app.name, vm.vmid))[0]?.storage;
  const asked = flag === undefined ? `vm.backup.storage: ${configured ?? ''}` : `--backup-storage ${flag}`;
  return seen(client, () => chooseBackupStorage(able, wanted, asked));
}
