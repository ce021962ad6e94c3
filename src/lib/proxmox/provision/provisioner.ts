import type { Context } from '../../context.js';
import type { ProxmoxClient } from '../client.js';
import type { DesiredVm } from '../desired.js';
import type { ExistingVm } from '../observe.js';
import type { VmPlan } from '../plan.js';

/** A way a VM comes to be, up to the moment it is started. What it must be like afterwards is no matter of the way. */
export interface Provisioner {
  readonly id: 'cloud-image';
  /**
   * Reads what the making depends on and refuses what cannot work, changing nothing.
   * @param found the VM as a run before left it, unfinished; undefined when there is none
   */
  plan(context: Context, client: ProxmoxClient, desired: DesiredVm, found: ExistingVm | undefined): Promise<VmPlan>;
}
