import type { Context } from '../../../context/context.js';
import type { Vmid } from '../../../proxmox/ids.js';
import { copyName, copyTags } from '../../../proxmox/ownership.js';
import type { DesiredVm } from '../../desired.js';
import type { Place } from '../../site.js';
import { templateDiskGb } from './key.js';

/** The VM that becomes a template: as vm:create makes one, but for nobody. */

/** Removed before it becomes one. */
export const BUILDER = 'zebu-builder';

/** For its user, and for what this machine remembers of it, which is not to be taken for the app's. */
export function builderContext(context: Context): Context {
  const { config, stateDir } = context;
  return { ...context, stateDir: `${stateDir}/template`, config: { ...config, vm: { ...config.vm, user: BUILDER } } };
}

export function builderVm(
  desired: DesiredVm,
  { vmid, place, note }: { readonly vmid: Vmid; readonly place: Place; readonly note: string },
): DesiredVm {
  const { guest } = desired;
  return {
    ...desired,
    // Nobody takes it for the VM of the app, and a later run removes it where this one is killed.
    name: copyName(desired.app),
    tags: copyTags(desired.app, 'template'),
    note,
    vmid,
    node: place.node,
    storage: place.storage,
    diskGb: templateDiskGb(desired),
    onboot: false,
    ha: undefined,
    backup: undefined,
    user: BUILDER,
    namesKeys: false,
    network: { ...desired.network, mac: undefined },
    // What only some VMs have, and what takes room, each is given later.
    guest: {
      ...guest,
      user: BUILDER,
      sshKeys: undefined,
      swapMb: 0,
      wanted: { units: [], names: [], packages: [] },
    },
  };
}
