import { ZebuError } from '@zebu/kit';
import { toZebuError } from '@zebu/kit/core';
import type { Context } from '../context/context.js';
import { openGuest } from '../guest/session.js';
import { makeClient, type ProxmoxClient } from '../proxmox/client.js';
import { findVm, readVm } from '../proxmox/observe.js';
import { formerTags, isHandover, machineNumber, machineTags } from '../proxmox/ownership.js';
import { requireTags } from '../proxmox/tags.js';
import { runSteps } from '../ui/steps.js';
import { vmTask } from '../vm/app-vm.js';
import { putBack, restored, unhealthy, type Back, type Swap } from './back.js';
import { canServe } from './exchange.js';
import { hold, type Hold } from './hold.js';
import { nothing } from './nothing.js';
import { machineAt, requireUnlocked, setConfig, turnOff } from './power.js';
import type { Rebuilt } from './results.js';
import { keptOf, openHandover, placeOfRow, readStand, refuseAtWork, settle, type Stand } from './stand.js';
import { steadily } from './steady.js';
import { undoTaking } from './undo.js';
import { toSeconds } from '../ui/units.js';

/** The machine that is kept of a rebuild: gone back to, or removed. */

type Confirm = (what: string, name: string) => Promise<boolean>;

/** @throws VM_DIFFERS where several have the tag of the app: none of them is the one that is meant */
async function readClearStand(client: ProxmoxClient, app: string): Promise<Stand> {
  const stand = await readStand(client, app);
  if (stand.current === undefined && stand.machines.length > 0) await findVm(client, app);
  return stand;
}

/** What can be refused is, before anything is stopped. @throws LOCK_HELD, PROXMOX_FORBIDDEN, VM_NOT_READY */
async function requireFree(
  context: Context,
  client: ProxmoxClient,
  stand: Stand,
  { app, from, to }: Back,
): Promise<void> {
  const open = await openHandover(context, client, stand, false);
  if (open?.sign !== undefined) await refuseAtWork(context, client, [open.sign]);
  const machines = await Promise.all([from, ...(to === undefined ? [] : [to])].map((place) => readVm(client, place)));
  requireUnlocked(machines);
  const number = Math.max(...machines.map(({ config }) => machineNumber(config['tags']))) + 1;
  const opened = to === undefined ? undefined : { before: to.vmid };
  await requireTags(client, `${machineTags(app, number, opened)};${formerTags(app)}`);
}

/**
 * The app in the machine that is left is stopped, under its lock: nothing that goes on in it is cut off, and what was stopped is started
 * again when it is gone back to. One that nobody can log in to is left as it is. @throws LOCK_HELD
 */
async function stopApp(context: Context, vmid: number, lockWait: number): Promise<Hold | undefined> {
  let held: Hold | undefined;
  try {
    await runSteps(context.io, context.signal, [
      {
        title: `Stop the app in VM ${vmid}`,
        run: async () => {
          const { address, session } = await openGuest(context);
          await session.close();
          held = await hold(context, address, lockWait);
          await held.stop();
        },
      },
    ]);
    return held;
  } catch (error) {
    const { code, message } = toZebuError(error);
    if (code === 'LOCK_HELD' || code === 'INTERRUPTED') {
      await held?.startAgain().catch(() => undefined);
      throw error;
    }
    context.io.warn(`The app in VM ${vmid} was not stopped: ${message}; the VM is unplugged, and shut down, as it is`);
    await held?.close();
    return undefined;
  }
}

/** Where it has not come to a change of places the app is started where it was stopped. @throws REBUILD_RESTORED, LOCK_HELD */
async function stay(
  context: Context,
  client: ProxmoxClient,
  { from, to }: Swap,
  held: Hold,
  why: unknown,
): Promise<void> {
  const cause = toZebuError(why);
  const machine = await readVm(client, to).catch(() => undefined);
  if (machine === undefined || !canServe(machine)) return;
  try {
    // Somebody else may have changed what it is.
    if (cause.code !== 'LOCK_HELD') await undoTaking(context, client, from, to);
    await held.startAgain();
  } catch (error) {
    context.io.warn(`VM ${to.vmid} is there as before, but its app is not: ${toZebuError(error).message}`);
    return;
  }
  if (cause.code !== 'LOCK_HELD') throw restored(to, cause, from);
}

/** Goes back to the machine before; of a rebuild that was interrupted, too. @throws REBUILD_UNHEALTHY */
export async function rebuildBack(context: Context, confirm: Confirm, lockWait: number): Promise<Rebuilt> {
  const { clock, config } = context;
  const app = config.app.name;
  const began = clock.elapsed();
  const client = await makeClient(await context.transport(), context.io);
  const stand = await readClearStand(client, app);
  const { current } = stand;
  const before = keptOf(stand, app);
  if (before === undefined) {
    if (current !== undefined) await settle(context, client);
    return nothing('back', 0);
  }
  const from = placeOfRow(before);
  const to = current === undefined ? undefined : placeOfRow(current);
  const swap: Back = { app, from, to };
  await requireFree(context, client, stand, swap);
  await confirm(
    to === undefined
      ? `This serves ${app} from VM ${from.vmid} again, with the data as it was when another one took its place`
      : `This stops VM ${to.vmid} and serves ${app} from VM ${from.vmid} again, with the data as it was when VM ${to.vmid} took its place`,
    app,
  );
  const held = current?.status === 'running' ? await stopApp(context, current.vmid, lockWait) : undefined;
  let host: string;
  try {
    host = await steadily(context, (steady, own) =>
      putBack(steady, own, swap, 'former', { leave: () => held?.leave() }),
    );
  } catch (error) {
    if (to !== undefined && held !== undefined) await stay(context, client, { app, from, to }, held, error);
    if (toZebuError(error).code === 'LOCK_HELD') throw error;
    throw unhealthy(swap, new ZebuError('VM_DIFFERS', 'it was to be gone back from it'), error);
  } finally {
    await held?.close().catch(() => undefined);
  }
  return {
    ...nothing('back', toSeconds(clock.elapsed() - began)),
    verdict: 'live',
    from: to ?? null,
    to: from,
    kept: to ?? null,
    address: { before: null, now: host },
  };
}

/** Destroys the machine that is kept. */
export async function forgetFormer(context: Context, confirm: Confirm): Promise<Rebuilt> {
  const { io, signal, clock, config } = context;
  const app = config.app.name;
  const began = clock.elapsed();
  const client = await makeClient(await context.transport(), context.io);
  const stand = await readClearStand(client, app);
  const { current } = stand;
  const row = keptOf({ behind: [], former: stand.former }, app);
  if (row === undefined) return nothing('forget', 0);
  if (isHandover(current?.tags))
    throw new ZebuError(
      'VM_DIFFERS',
      `VM ${row.vmid} is what can be gone back to: the rebuild has not come to its end`,
      {
        hint: 'zebu vm:rebuild carries it to its end, --back goes back.',
      },
    );
  const place = placeOfRow(row);
  const machine = await machineAt(client, place);
  requireUnlocked([machine.vm]);
  await confirm(
    current === undefined
      ? `This destroys VM ${place.vmid} (${machine.name}) with its disks: the app has no other VM`
      : `This destroys VM ${place.vmid} (${machine.name}), as it was before VM ${current.vmid} took its place, with its disks`,
    machine.name,
  );
  await runSteps(io, signal, [
    { title: `See that VM ${place.vmid} is off`, run: (report) => turnOff(context, client, place, report) },
    {
      title: `Destroy VM ${place.vmid} and its disks`,
      run: async (report) => {
        // Whoever types its name means it.
        if (machine.vm.config['protection'] === '1') await setConfig(client, place, { protection: 0 });
        await vmTask(context, machine, report, {
          method: 'DELETE',
          path: '',
          params: { purge: 1, 'destroy-unreferenced-disks': 1 },
          task: 'qmdestroy',
          label: `destroying VM ${place.vmid}`,
        });
      },
    },
  ]);
  return {
    ...nothing('forget', toSeconds(clock.elapsed() - began)),
    verdict: 'live',
    from: place,
    to: current === undefined ? null : placeOfRow(current),
  };
}
