import { ZebuError } from '@zebu/kit';
import { toZebuError } from '@zebu/kit/core';
import { findLeftovers, leftoverOf, removeLeftovers, seenAtWork, type Leftover } from '../temporary/leftovers.js';
import { newNote } from '../temporary/note.js';
import type { Place } from '../temporary/remove.js';
import type { Context } from '../context/context.js';
import { lastAddress } from '../guest/last-address.js';
import { openGuest } from '../guest/session.js';
import type { ProxmoxClient } from '../proxmox/client.js';
import { toNodeName, toVmid } from '../proxmox/ids.js';
import { findMachines, listVms, readConfig, readVm } from '../proxmox/observe.js';
import { findFormer, inForce, isHandover, machineBefore, machineNumber, type VmRow } from '../proxmox/ownership.js';
import { runSteps } from '../ui/steps.js';
import { desiredVm } from '../vm/desired.js';
import { bootStep } from '../vm/ensure/boot.js';
import { beginEnsuring, haStep } from '../vm/ensure/index.js';
import { goBack, stillOpen } from './back.js';
import { canServe } from './exchange.js';
import { beginServing, type Handover, type Progress } from './handover.js';
import { resumeApp } from './hold.js';
import { saysHa, saysKept } from './notes.js';
import { turnOn } from './power.js';
import { steadily } from './steady.js';
import { undoTaking } from './undo.js';

/** Which machines of the app there are, and how far a rebuild has come: all of it stands in their tags. */
export interface Stand {
  /** The one of the app; undefined where there is none, or it is not said which. */
  readonly current: VmRow | undefined;
  /** The one with the app's tag whose place the current one has just taken. */
  readonly behind: readonly VmRow[];
  /** All with the app's tag. */
  readonly machines: readonly VmRow[];
  /** Kept for going back. */
  readonly former: readonly VmRow[];
}

export const placeOfRow = ({ node, vmid }: VmRow): Place => ({ node: toNodeName(node), vmid: toVmid(vmid) });

export async function readStand(client: ProxmoxClient, app: string): Promise<Stand> {
  const [machines, rows] = await Promise.all([findMachines(client, app), listVms(client)]);
  const [only, ...others] = inForce(machines);
  const current = others.length === 0 ? only : undefined;
  const before = machineBefore(current?.tags);
  return { current, behind: machines.filter(({ vmid }) => vmid === before), machines, former: findFormer(rows, app) };
}

/** The one that is kept; undefined where none is. @throws VM_DIFFERS where several say so, such as a clone of it */
export function keptOf({ behind, former }: Pick<Stand, 'behind' | 'former'>, app: string): VmRow | undefined {
  const [kept, ...others] = [...behind, ...former];
  if (others.length === 0) return kept;
  const ids = [...behind, ...former].map(({ vmid }) => vmid).join(', ');
  throw new ZebuError('VM_DIFFERS', `There are several VMs that a rebuild of ${app} has left: ${ids}`, {
    hint: `Remove the tag zebu-former-${app} from those that are not meant.`,
  });
}

interface Open {
  readonly handover: Handover;
  readonly ha: boolean;
  readonly description: string | undefined;
  /** By which it is seen whether somebody is at it. */
  readonly sign: Leftover | undefined;
}

/** What a rebuild was about that was killed while it handed over. */
export async function openHandover(
  context: Context,
  client: ProxmoxClient,
  stand: Stand,
  anyAddress: boolean,
): Promise<Open | undefined> {
  const { current } = stand;
  const app = context.config.app.name;
  if (current === undefined || !isHandover(current.tags)) return undefined;
  const before = keptOf(stand, app);
  if (before === undefined) return undefined;
  const [last, config] = await Promise.all([lastAddress(context), readConfig(client, current)]);
  const handover: Handover = {
    app,
    from: placeOfRow(before),
    to: placeOfRow(current),
    number: machineNumber(current.tags),
    release: null,
    host: last?.vmid === before.vmid ? last.host : null,
    anyAddress,
    note: newNote(context, 'rebuild', `VM ${before.vmid}`),
  };
  return {
    handover,
    ha: saysHa(config['description']),
    description: config['description'],
    sign: leftoverOf(placeOfRow(current), config),
  };
}

/** @throws LOCK_HELD where somebody is at it just now */
export async function refuseAtWork(context: Context, client: ProxmoxClient, left: readonly Leftover[]): Promise<void> {
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

const startedAgain = (context: Context, { vmid }: Place): Promise<void> =>
  runSteps(context.io, context.signal, [
    {
      title: `See that the app runs in VM ${vmid}`,
      run: async () => {
        const { address, session } = await openGuest(context);
        await resumeApp(context, address);
        await session.close();
      },
    },
  ]);

export interface Settled {
  /** A handover that had begun was carried to its end. */
  readonly resumed: { readonly from: Place; readonly to: Place; readonly host: string } | undefined;
}

/**
 * Ends what a rebuild has left that was killed. Before the new machine was the app's: the old one runs, the app in it is started, the new
 * one is removed. After it: the new one begins to serve; where it does not, the old one is put back.
 */
export async function settle(context: Context, client: ProxmoxClient, anyAddress = false): Promise<Settled> {
  const { io, signal, config } = context;
  const { name } = config.app;
  let stand = await readStand(client, name);
  const open = await openHandover(context, client, stand, anyAddress);
  if (open !== undefined) {
    if (open.sign !== undefined) await refuseAtWork(context, client, [open.sign]);
    if (!(await notExchanged(client, stand))) return { resumed: await resumeHandover(context, client, open, stand) };
    await undoTaking(context, client, open.handover.to, open.handover.from);
    await startedAgain(context, open.handover.from);
    stand = await readStand(client, name);
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
    const configs = await Promise.all(left.map((each) => readConfig(client, each.place).catch(() => undefined)));
    const ha = configs.some((each) => saysHa(each?.['description']));
    await startedAgain(context, place);
    if (ha)
      await runSteps(io, signal, [
        haStep(beginEnsuring(context, { client, ...place }, await desiredVm(context)), true),
      ]);
  }
  await removeLeftovers(context, client, 'rebuild');
  return { resumed: undefined };
}

/** What says nothing about whether the machine serves: nobody goes back for that. */
const UNDECIDED: ReadonlySet<string> = new Set(['INTERRUPTED', 'LOCK_HELD', 'OUTCOME_UNKNOWN']);

async function anyServes(client: ProxmoxClient, rows: readonly VmRow[]): Promise<boolean> {
  return (await Promise.all(rows.map((row) => readVm(client, row)))).some(canServe);
}

/** It was made the app's, and cut off before both changed places: the one before is there, and starts the app again by itself. */
const notExchanged = async (client: ProxmoxClient, { behind, current }: Stand): Promise<boolean> =>
  current?.status !== 'running' && (await anyServes(client, behind));

async function resumeHandover(
  context: Context,
  client: ProxmoxClient,
  { handover, ha }: Open,
  { behind, current }: Stand,
): Promise<NonNullable<Settled['resumed']>> {
  const { from, to } = handover;
  context.io.note(`A rebuild was interrupted while VM ${to.vmid} took the place of VM ${from.vmid}: it goes on`);
  const again = await anyServes(client, behind);
  // Then it may have served for days.
  const ranOn = current?.status === 'running' && !again;
  // It may have been started since, and stopped.
  const progress: Progress = { taken: true, started: true, live: false, ha };
  try {
    // Where the node was started meanwhile, the old one may have been, too: then it serves, and has the newest data.
    if (again) throw new ZebuError('VM_DIFFERS', `VM ${from.vmid} was started again meanwhile`);
    const host = await steadily(context, (steady, own) => beginServing(steady, own, handover, progress));
    return { from, to, host };
  } catch (error) {
    const cause = toZebuError(error);
    if (progress.live) throw error;
    if (UNDECIDED.has(cause.code)) {
      context.io.warn(stillOpen(handover));
      throw error;
    }
    if (ranOn)
      throw new ZebuError('REBUILD_UNHEALTHY', `VM ${to.vmid} is not seen to serve: ${cause.message}`, {
        hint: `It ran already, and may have what clients have written since: VM ${from.vmid} was not put back. zebu vm:rebuild looks again; --back goes back, with the data of then.`,
        details: { cause: cause.code, reason: cause.message, vmid: to.vmid },
        cause,
      });
    return goBack(context, handover, error, progress);
  }
}

/** What a run would do before anything else, for people; undefined where there is nothing. Nothing is changed. */
export async function foreseen(context: Context, client: ProxmoxClient): Promise<readonly string[] | undefined> {
  const { name } = context.config.app;
  const stand = await readStand(client, name);
  const open = await openHandover(context, client, stand, false);
  if (open !== undefined) {
    const { from, to } = open.handover;
    if (await notExchanged(client, stand))
      return [
        `See that the app runs in VM ${from.vmid}`,
        ...(saysKept(open.description) ? [] : [`Remove VM ${to.vmid}, which a rebuild has left`, 'Begin anew']),
      ];
    return [
      `Carry the rebuild to its end that was interrupted: start VM ${to.vmid}, and judge it; where it is not good, VM ${from.vmid} serves again`,
    ];
  }
  const left = await findLeftovers(client, name, 'rebuild');
  if (left.length === 0 || stand.current === undefined) return undefined;
  return [
    ...(stand.current.status === 'running'
      ? []
      : [`Start VM ${stand.current.vmid} again, which a rebuild had shut down`]),
    `See that the app runs in VM ${stand.current.vmid}`,
    ...left.map(({ place }) => `Remove VM ${place.vmid}, which a rebuild has left`),
    'Begin anew',
  ];
}
