import type { Context } from '../context/context.js';
import { holds, readPermissions } from '../proxmox/permissions.js';
import type { AppVm } from '../vm/app-vm.js';
import { seen } from '../vm/backup/backups.js';
import { backupStorages, chooseBackupStorage, readBackups } from '../vm/backup/read.js';

/** What a release is rehearsed in a copy of. */
type SourceKind = 'backup' | 'clone';

/** The same, with the storage that the backup goes to. */
export type Source = { readonly kind: 'clone' } | { readonly kind: 'backup'; readonly storage: string };

export interface WantedSource {
  /** Undefined: a clone, or a backup where there can be none. */
  readonly source?: SourceKind | undefined;
  /** For the backup, where one is made; undefined: see `backupSource`. */
  readonly backupStorage?: string | undefined;
}

/** A clone, unless the login may make none and may back up; it is said where that decides. @throws CONFIG_INVALID */
export async function chooseSource(context: Context, appVm: AppVm, wanted: WantedSource): Promise<Source> {
  const { client, vm } = appVm;
  if (wanted.source === 'clone') return { kind: 'clone' };
  if (wanted.source === undefined) {
    const permissions = await readPermissions(client);
    const may = (privilege: string): boolean => holds(permissions, `/vms/${vm.vmid}`, [privilege]);
    if (may('VM.Clone') || !may('VM.Backup')) return { kind: 'clone' };
    context.io.note(
      `The login may not clone VM ${vm.vmid} (VM.Clone): the copy is restored of a backup that is made for it`,
    );
  }
  return backupSource(context, appVm, wanted.backupStorage);
}

/** Where the backup goes: as asked, as `vm.backup` says, where the newest is, or to the first that takes some. @throws CONFIG_INVALID */
export async function backupSource(
  { config }: Context,
  { client, vm }: AppVm,
  flag: string | undefined,
): Promise<Source> {
  const able = await backupStorages(client, vm.node);
  const configured = config.vm.backup?.storage;
  const wanted = flag ?? configured ?? (await readBackups(client, vm.node, config.app.name, vm.vmid))[0]?.storage;
  const asked = flag === undefined ? `vm.backup.storage: ${configured ?? ''}` : `--backup-storage ${flag}`;
  return { kind: 'backup', storage: await seen(client, () => chooseBackupStorage(able, wanted, asked)) };
}
