import { ZebuError } from '@zebu/kit';
import { findLeftovers, removeLeftovers, seenAtWork, type Leftover } from '../copies/leftovers.js';
import type { Place } from '../copies/remove.js';
import type { Context } from '../context/context.js';
import { lastAddress } from '../guest/last-address.js';
import { openGuest } from '../guest/session.js';
import type { ProxmoxClient } from '../proxmox/client.js';
import { toNodeName, toVmid } from '../proxmox/ids.js';
import { findMachines, listVms } from '../proxmox/observe.js';
import { findFormer, inForce, isHandover, machineNumber, type VmRow } from '../proxmox/ownership.js';
import { runSteps } from '../ui/steps.js';
import { goBack } from './back.js';
import { beginServing, type Handover } from './handover.js';
import { resumeApp } from './hold.js';
import { turnOn } from './power.js';
import { steadily } from './steady.js';
import { bootStep } from '../vm/ensure/boot.js';

/** Which machines of the app there are, and how far a rebuild has come: all of it stands in their tags. */
export interface Stand {
  /** The one of the app; undefined where there is none, or it is not said which. */
  readonly current: VmRow | undefined;
  /** Others with the app's tag: the current one has just taken their place. */
  readonly behind: readonly VmRow[];
  /** Kept for going back. */
  readonly former: readonly VmRow[];
}

export const placeOfRow = ({ node, vmid }: VmRow): Place => ({ node: toNodeName(node), vmid: toVmid(vmid) });

export async function readStand(client: ProxmoxClient, app: string): Promise<Stand> {
  const [machines, rows] = await Promise.all([findMachines(client, app), listVms(client)]);
  const [current, ...others] = inForce(machines);
  return {
    current: others.length === 0 ? current : undefined,
    behind:
      current === undefined ? [] : machines.filter(({ tags }) => machineNumber(tags) < machineNumber(current.tags)),
    former: findFormer(rows, app),
  };
}

/** What a rebuild was about that was killed while it handed over. */
async function openHandover(context: Context, { current, behind, former }: Stand): Promise<Handover | undefined> {
  if (current === undefined || !isHandover(current.tags)) return undefined;
  const [before] = [...behind, ...former];
  if (before === undefined) return undefined;
  const last = await lastAddress(context);
  return {
    app: context.config.app.name,
    from: placeOfRow(before),
    to: placeOfRow(current),
    number: machineNumber(current.tags),
    release: null,
    host: last?.vmid === before.vmid ? last.host : null,
    anyAddress: false,
  };
}

/** @throws LOCK_HELD where somebody is at it just now */
async function refuseAtWork(context: Context, client: ProxmoxClient, left: readonly Leftover[]): Promise<void> {
  for (const leftover of left.filter(({ ended }) => !ended))
    await runSteps(context.io, context.signal, [
      {
        title: `Look whether somebody is at work with VM ${leftover.place.vmid}`,
        run: async (report) => {
          const why = await seenAtWork(context, client, leftover, report);
          if (why === undefined) return;
          throw new ZebuError('LOCK_HELD', `Another vm:rebuild is going on, with VM ${leftover.place.vmid}: ${why}`, {
            hint: 'Wait for its end.',
          });
        },
      },
    ]);
}

export interface Settled {
  /** A handover that had begun was carried to its end. */
  readonly resumed: { readonly from: Place; readonly to: Place; readonly host: string } | undefined;
}

/**
 * Ends what a rebuild has left that was killed. Before the new machine was the app's: the old one runs, the app in it is started, the new
 * one is removed. After it: the new one begins to serve; where it does not, the old one is put back.
 */
export async function settle(context: Context, client: ProxmoxClient): Promise<Settled> {
  const { io, signal, config } = context;
  const { name } = config.app;
  const stand = await readStand(client, name);
  const open = await openHandover(context, stand);
  if (open !== undefined) {
    io.note(`A rebuild was interrupted while VM ${open.to.vmid} took the place of VM ${open.from.vmid}: it goes on`);
    const host = await steadily(context, async (steady, own) => {
      // Where the node was started meanwhile, the old one may have been, too: then it serves, and has the newest data.
      const running = stand.behind.some(({ status }) => status === 'running');
      if (!running)
        try {
          return await beginServing(steady, own, open);
        } catch (error) {
          await goBack(steady, own, open, error);
        }
      return goBack(steady, own, open, new ZebuError('VM_DIFFERS', `VM ${open.from.vmid} was started again meanwhile`));
    });
    return { resumed: { from: open.from, to: open.to, host } };
  }
  const { current } = stand;
  if (current === undefined) return { resumed: undefined };
  const left = await findLeftovers(client, name, 'rebuild');
  await refuseAtWork(context, client, left);
  if (left.length > 0) {
    const place = placeOfRow(current);
    if (current.status !== 'running')
      await runSteps(io, signal, [
        {
          title: `Start VM ${place.vmid} again, which a rebuild had shut down`,
          run: (report) => turnOn(context, client, place, report),
        },
        bootStep({ context, target: { client, ...place } }),
      ]);
    await runSteps(io, signal, [
      {
        title: `See that the app runs in VM ${place.vmid}`,
        run: async () => {
          const { address, session } = await openGuest(context);
          await resumeApp(context, address);
          await session.close();
        },
      },
    ]);
  }
  await removeLeftovers(context, client, 'rebuild');
  return { resumed: undefined };
}
