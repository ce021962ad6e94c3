import { isZebuError, ZebuError } from '@zebu/kit';
import { toZebuError } from '@zebu/kit/core';
import { verdictIn } from '../copies/verdict.js';
import { newNote, writeNote } from '../copies/note.js';
import { removeCopy, type Place } from '../copies/remove.js';
import type { Context } from '../context/context.js';
import { locateGuest } from '../guest/address.js';
import { forgetAddress, rememberAddress } from '../guest/last-address.js';
import { connectGuest } from '../guest/session.js';
import type { ProxmoxClient } from '../proxmox/client.js';
import { readConfig, readVm } from '../proxmox/observe.js';
import { copyTags, formerTags, machineNumber, machineTags, ownNote } from '../proxmox/ownership.js';
import { runSteps, type StepReport } from '../ui/steps.js';
import { bootStep } from '../vm/ensure/boot.js';
import { desiredVm } from '../vm/desired.js';
import { backupStep, beginEnsuring, haStep } from '../vm/ensure/index.js';
import { guestBySsh } from './by-ssh.js';
import { cables, formerNote } from './handover.js';
import { resumeApp } from './hold.js';
import { setConfig, turnOff, turnOn } from './power.js';

/** Two machines, of which the second is the app's, and the first is to be again. */
export interface Swap {
  readonly app: string;
  readonly from: Place;
  readonly to: Place;
}

/** Starts what was stopped in the machine that serves again, and judges it. @throws VM_NOT_READY, DEPLOY_UNHEALTHY */
export async function serveAgain(context: Context, place: Place, report: StepReport): Promise<string> {
  await forgetAddress(context);
  const address = await locateGuest(context);
  await address.onceUp(async (signal) => {
    await (await connectGuest({ ...context, signal }, address)).close();
    return true;
  });
  await rememberAddress(context, address);
  await resumeApp(context, address);
  const session = await connectGuest(context, address);
  try {
    const verdict = await verdictIn(context, guestBySsh(context, session, place), report);
    if (!verdict.good) throw new ZebuError('DEPLOY_UNHEALTHY', `The app is not healthy: ${verdict.why}`);
  } finally {
    await session.close();
  }
  return address.host;
}

/**
 * The machine before is the app's again. The one that is given up is off first, and is unplugged with the request that takes the app from it, so
 * that there are never two with one address.
 * @param left what the other is from then on
 */
export async function putBack(
  context: Context,
  client: ProxmoxClient,
  { app, from, to }: Swap,
  left: 'former' | 'gone',
): Promise<string> {
  const { io, signal, config } = context;
  let host = '';
  const desired = await desiredVm(context);
  const ensuring = beginEnsuring(context, { client, ...from }, desired);
  const machine = await readVm(client, to);
  // As long as the other has a higher number, this one is not the app's.
  const number = Math.max(0, machineNumber(machine.config['tags']) - 1);
  await runSteps(io, signal, [
    ...(machine.status.ha?.managed === true ? [haStep(beginEnsuring(context, { client, ...to }, desired), false)] : []),
    { title: `Shut down VM ${to.vmid}`, run: (report) => turnOff(context, client, to, report) },
    {
      title: `Make VM ${from.vmid} the one of the app again`,
      run: async () => {
        const [old, current] = await Promise.all([readConfig(client, from), readConfig(client, to)]);
        await setConfig(client, from, {
          ...cables(old, false),
          tags: machineTags(app, number, { open: left === 'former' }),
          description: ownNote(app),
        });
        await setConfig(client, to, {
          ...cables(current, true),
          onboot: 0,
          tags: left === 'former' ? formerTags(app) : copyTags(app, 'rebuild'),
          description:
            left === 'former' ? formerNote(app, from.vmid) : writeNote(newNote(context, 'rebuild', `VM ${from.vmid}`)),
        });
      },
    },
    { title: `Start VM ${from.vmid}`, run: (report) => turnOn(context, client, from, report) },
    bootStep({ context, target: { client, ...from } }),
    {
      title: 'Start the app in it, and look whether it serves',
      run: async (report) => {
        host = await serveAgain(context, from, report);
        await setConfig(client, from, {
          tags: machineTags(app, number, { open: false }),
          onboot: config.vm.onboot ? 1 : 0,
        });
      },
    },
    ...(desired.ha === undefined ? [] : [haStep(ensuring, desired.ha)]),
    ...(desired.backup === undefined ? [] : [backupStep(ensuring)]),
  ]);
  return host;
}

/** What did not become healthy is given up, and the one before serves again. @throws REBUILD_RESTORED, REBUILD_UNHEALTHY */
export async function goBack(context: Context, client: ProxmoxClient, swap: Swap, why: unknown): Promise<never> {
  const { from, to } = swap;
  const cause = toZebuError(why);
  context.io.warn(`VM ${to.vmid} does not serve: ${cause.message}; going back to VM ${from.vmid}`);
  try {
    await putBack(context, client, swap, 'gone');
  } catch (error) {
    throw unhealthy(swap, cause, error);
  }
  await removeCopy(context, client, to).catch((error: unknown) => {
    context.io.warn(`VM ${to.vmid} could not be removed: ${toZebuError(error).message}; the next vm:rebuild does it`);
  });
  throw restored(swap.from, cause);
}

const details = (cause: ZebuError): Record<string, unknown> => ({
  cause: cause.code,
  reason: cause.message,
  ...(cause.details?.['evidence'] === undefined ? {} : { evidence: cause.details['evidence'] }),
});

const trimmed = (text: string): string => text.replace(/\.$/, '');

export function restored(place: Place, cause: ZebuError): ZebuError {
  return new ZebuError(
    'REBUILD_RESTORED',
    `The VM was not rebuilt: ${trimmed(cause.message)}. The app serves from VM ${place.vmid} as before`,
    {
      hint: cause.hint ?? 'The new VM is removed. See what it said above, and try again.',
      details: { ...details(cause), vmid: place.vmid },
      cause,
    },
  );
}

export function unhealthy({ from, to }: Swap, cause: ZebuError, problem: unknown): ZebuError {
  const also = toZebuError(problem);
  return new ZebuError(
    'REBUILD_UNHEALTHY',
    `The VM was not rebuilt: ${trimmed(cause.message)}; and going back to VM ${from.vmid} failed: ${trimmed(also.message)}`,
    {
      hint: `zebu vm:rebuild tries again to have one serve. Neither VM ${from.vmid} nor VM ${to.vmid} was removed.`,
      details: { ...details(cause), vmid: from.vmid },
      cause: isZebuError(problem) ? problem : cause,
    },
  );
}
