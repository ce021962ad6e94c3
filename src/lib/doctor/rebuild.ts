import { findLeftovers } from '../temporary/leftovers.js';
import type { Context } from '../context/context.js';
import { listVms } from '../proxmox/observe.js';
import { findFormer, findOwn, isHandover } from '../proxmox/ownership.js';
import { warn, type Finding } from './check.js';
import type { Findings } from './proxmox.js';

/** What a rebuild of the VM has left; undefined where there is nothing to say. */
export async function rebuildFinding(context: Context, { client }: Findings): Promise<Finding | undefined> {
  if (client === undefined) return undefined;
  const app = context.config.app.name;
  const [rows, left] = await Promise.all([listVms(client), findLeftovers(client, app, 'rebuild')]);
  const open = findOwn(rows, app).find(({ tags }) => isHandover(tags));
  if (open !== undefined)
    return warn(
      `VM ${open.vmid} has taken the place of another one, and has not served since: a rebuild was interrupted`,
      'zebu vm:rebuild carries it to its end, vm:rebuild --back goes back.',
    );
  const killed = left.filter(({ ended }) => ended);
  if (killed.length > 0)
    return warn(
      `a rebuild was interrupted, and has left VM ${killed.map(({ place }) => place.vmid).join(', ')}`,
      'zebu vm:rebuild --back sees that the app runs and removes what is left; vm:rebuild begins anew.',
    );
  const [former] = findFormer(rows, app);
  if (former === undefined || former.status !== 'running') return undefined;
  return warn(
    `VM ${former.vmid}, which is kept of a rebuild, was started; it is unplugged`,
    'Stop it in Proxmox. zebu vm:rebuild --forget removes it, --back goes back to it.',
  );
}
