import { ZebuError } from '@zebu/kit';
import type { Context } from '../context/context.js';
import { nextVmid } from '../proxmox/observe.js';
import { copyName, copyTags, type CopyKind } from '../proxmox/ownership.js';
import { requireTags } from '../proxmox/tags.js';
import type { AppVm } from '../vm/app-vm.js';
import type { CopyPlan } from './copy.js';
import { newNote, writeNote } from '../temporary/note.js';
import { requireRoom } from './room.js';
import { macsOf, unpluggedNets } from './unplug.js';

export interface CloneOptions {
  /** For the disks of the copy; undefined for where they are. */
  readonly storage: string | undefined;
  /** Of the copy, in MiB; undefined for as much as the original has. */
  readonly memoryMb: number | undefined;
}

/** Whether there may be a copy of the running VM at all, by a clone or a backup that is made now, and room for it. @throws CONFIG_INVALID, NO_SPACE, PROXMOX_FORBIDDEN, VM_NOT_RUNNING */
export async function requireClone(
  { config: { app } }: Context,
  { client, vm, name }: AppVm,
  kind: CopyKind,
  {
    memoryMb,
    storage,
    grows,
    backupStorage,
  }: CloneOptions & { readonly grows?: boolean; readonly backupStorage?: string },
): Promise<void> {
  if (vm.status.status !== 'running')
    throw new ZebuError('VM_NOT_RUNNING', `VM ${vm.vmid} (${name}) is ${vm.status.status}`, {
      hint: 'Start it: zebu vm:start',
    });
  await Promise.all([
    requireTags(client, copyTags(app.name, kind)),
    requireRoom(client, vm.node, { config: vm.config, storage, memoryMb, archiveBytes: 0, grows, backupStorage }),
  ]);
}

/**
 * The plan of a clone: Proxmox gives it everything of its original, which it loses before it is started.
 * @param why what it is made for, in words; undefined for what is usual for its kind
 */
export async function planClone(
  context: Context,
  { client, vm }: AppVm,
  kind: CopyKind,
  { memoryMb, storage, why }: CloneOptions & { readonly why?: string },
): Promise<CopyPlan> {
  const { app } = context.config;
  const vmid = await nextVmid(client);
  const note = newNote(context, kind, `VM ${vm.vmid} as it ran`, why);
  return {
    kind,
    client,
    place: { node: vm.node, vmid },
    note,
    originalMacs: macsOf(vm.config),
    make: {
      title: `Clone VM ${vm.vmid} as a copy, VM ${vmid}`,
      type: 'qmclone',
      taskVmid: vm.vmid,
      label: `cloning VM ${vm.vmid}`,
      send: () =>
        client.request('POST', `/nodes/${vm.node}/qemu/${vm.vmid}/clone`, {
          newid: vmid,
          full: 1,
          name: copyName(app.name),
          description: writeNote(note),
          ...(storage === undefined ? {} : { storage }),
        }),
    },
    set: (config) => ({
      tags: copyTags(app.name, kind),
      onboot: 0,
      protection: 0,
      ...(memoryMb === undefined ? {} : { memory: memoryMb }),
      ...unpluggedNets(config),
    }),
  };
}
