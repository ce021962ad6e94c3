import type { Transport } from '@zebu/kit';
import type { Config } from '../../config/schema.js';
import type { Context } from '../../context/context.js';
import type { ProxmoxClient } from '../../proxmox/client.js';
import type { DesiredVm } from '../desired.js';
import type { ExistingVm } from '../../proxmox/observe.js';
import { isUnfinished } from '../../proxmox/ownership.js';
import type { VmPlan } from '../plan.js';

export type ProvisionerId = 'cloud-image' | 'community-script' | 'template';

/** A way to make a VM, up to its start. What follows is the same for all ways. */
export interface Provisioner {
  readonly id: ProvisionerId;
  /**
   * Reads what the making depends on and refuses what cannot work, changing nothing.
   * @param found the VM as a run before left it, unfinished; undefined when there is none
   */
  plan(context: Context, client: ProxmoxClient, desired: DesiredVm, found: ExistingVm | undefined): Promise<VmPlan>;
}

/**
 * A VM that was begun one way is finished that way. Otherwise as configured; by default the community's script, because its
 * VM is the one people know, except where an image was named or there is no shell to run a script in.
 * A template is made of an image, too: what was begun as a clone of one is the app's only once it has its disk.
 */
export function chooseProvisioner(
  {
    provisioner,
    image,
    template,
  }: Pick<Config['vm'], 'image' | 'provisioner'> & Partial<Pick<Config['vm'], 'template'>>,
  transport: Pick<Transport, 'hostShell'>,
  found: ExistingVm | undefined,
): ProvisionerId {
  if (found !== undefined) return isUnfinished(found.config['tags']) ? 'community-script' : 'cloud-image';
  if (template === true) return 'template';
  if (provisioner !== undefined) return provisioner;
  return image === undefined && transport.hostShell !== undefined ? 'community-script' : 'cloud-image';
}

export async function loadProvisioner(id: ProvisionerId): Promise<Provisioner> {
  if (id === 'template') return (await import('./template/index.js')).fromTemplate;
  return id === 'cloud-image'
    ? (await import('./cloud-image.js')).cloudImage
    : (await import('./community-script/index.js')).communityScript;
}
