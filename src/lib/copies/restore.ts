import type { Context } from '../context/context.js';
import type { ProxmoxClient } from '../proxmox/client.js';
import { toNodeName } from '../proxmox/ids.js';
import { nextVmid, readConfig } from '../proxmox/observe.js';
import { copyName, copyTags, type CopyKind } from '../proxmox/ownership.js';
import { requireTags } from '../proxmox/tags.js';
import { checkOwner } from '../vm/backup/backups.js';
import type { Backup } from '../vm/backup/results.js';
import type { CloneOptions } from './clone.js';
import type { CopyPlan } from './copy.js';
import { newNote, writeNote } from '../temporary/note.js';
import { requireRoom } from './room.js';
import { macsOf, parseConfigText, unpluggedNets } from './unplug.js';

interface RestoreTarget {
  readonly client: ProxmoxClient;
  /** The VM of the app; undefined where there is none now. */
  readonly vm: { readonly vmid: number; readonly node: string } | undefined;
  readonly backup: Backup;
  readonly node: string;
}

/**
 * The plan of a copy that is restored: from its first moment on it has the tags, cards and note of a copy.
 * @throws VM_DIFFERS for a backup of another VM, NO_SPACE, CONFIG_INVALID
 */
export async function planRestore(
  context: Context,
  { client, vm, backup, node }: RestoreTarget,
  kind: CopyKind,
  { memoryMb, storage }: CloneOptions,
): Promise<CopyPlan> {
  const { app } = context.config;
  const { config: text } = await checkOwner(client, node, backup, app.name);
  const config = parseConfigText(text);
  const place = { node: toNodeName(node), vmid: await nextVmid(client) };
  const tags = copyTags(app.name, kind);
  const [original] = await Promise.all([
    vm === undefined ? undefined : readConfig(client, vm),
    requireTags(client, tags),
    requireRoom(client, place.node, { config, storage, memoryMb, archiveBytes: backup.bytes }),
  ]);
  const note = newNote(context, kind, `the backup ${backup.backup}`);
  return {
    kind,
    client,
    place,
    note,
    originalMacs: new Set([...macsOf(config), ...macsOf(original ?? {})]),
    make: {
      title: `Restore ${backup.backup} as a copy, VM ${place.vmid}`,
      type: 'qmrestore',
      taskVmid: place.vmid,
      label: `restoring ${backup.backup} as VM ${place.vmid}`,
      send: () =>
        client.request('POST', `/nodes/${place.node}/qemu`, {
          vmid: place.vmid,
          archive: backup.backup,
          unique: 1,
          ...(storage === undefined ? {} : { storage }),
          name: copyName(app.name),
          tags,
          description: writeNote(note),
          onboot: 0,
          protection: 0,
          ...(memoryMb === undefined ? {} : { memory: memoryMb }),
          ...unpluggedNets(config),
        }),
    },
    set: () => ({}),
  };
}
