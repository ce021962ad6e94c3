import { isZebuError, ZebuError } from '@zebu/kit';
import { toZebuError } from '@zebu/kit/core';
import { whileBeating } from '../temporary/heartbeat.js';
import { newNote, writeNote, type CopyNote } from '../temporary/note.js';
import { removeCopy, type Place } from '../temporary/remove.js';
import { verdictIn } from '../copies/verdict.js';
import type { Context } from '../context/context.js';
import { locateGuest } from '../guest/address.js';
import { forgetAddress, rememberAddress } from '../guest/last-address.js';
import { connectGuest } from '../guest/session.js';
import type { QemuConfig } from '../proxmox/answers.js';
import type { ProxmoxClient } from '../proxmox/client.js';
import { readVm, type ExistingVm } from '../proxmox/observe.js';
import {
  copyTags,
  isFormer,
  isHandover,
  machineNumber,
  machineTags,
  tagsOf,
  withForeign,
} from '../proxmox/ownership.js';
import { runSteps, type StepReport } from '../ui/steps.js';
import { bootStep } from '../vm/ensure/boot.js';
import { desiredVm } from '../vm/desired.js';
import { backupStep, beginEnsuring, haStep } from '../vm/ensure/index.js';
import { guestBySsh } from './by-ssh.js';
import { asideParams, cables, exchange, type Exchange } from './exchange.js';
import { declareServing, finishing, type Progress } from './handover.js';
import { resumeApp } from './hold.js';
import { handoverNote, lastingNote } from './notes.js';
import { setConfig, turnOff, turnOn } from './power.js';
import { steadily } from './steady.js';

/** Two machines, of which the second is the app's, and the first is to be again. */
export interface Swap {
  readonly app: string;
  readonly from: Place;
  readonly to: Place;
}

/** The same, where the second may be gone. */
export type Back = Omit<Swap, 'to'> & { readonly to: Place | undefined };

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

/** @throws LOCK_HELD where somebody has changed since what the machine is */
function requireSame(was: ExistingVm | undefined, is: ExistingVm | undefined): void {
  const tags = (vm: ExistingVm | undefined): string => tagsOf(vm?.config['tags']).toSorted().join(';');
  if (tags(was) === tags(is)) return;
  throw new ZebuError(
    'LOCK_HELD',
    `VM ${is?.vmid} is another one for the app than just before: somebody else is at it`,
    {
      hint: 'Look with zebu vm:status, and run the command again.',
    },
  );
}

const digestOf = ({ digest }: QemuConfig): Readonly<Record<string, string>> => (digest === undefined ? {} : { digest });

/**
 * The machine before is the app's again, with one request, as when the other took its place; then both change places at once. The one that
 * is given up is shut down when the other one serves. Killed after that request, the next one carries it to its end as any handover.
 * @param left what the other is from then on @param options `ha`: the one before was under the HA manager; `leave`: see Exchange
 */
export async function putBack(
  context: Context,
  client: ProxmoxClient,
  { app, from, to }: Back,
  left: 'former' | 'gone',
  { ha = false, leave }: { readonly ha?: boolean; readonly leave?: Exchange['leave'] } = {},
): Promise<string> {
  const { io, signal } = context;
  let host = '';
  const desired = await desiredVm(context);
  const ensuring = beginEnsuring(context, { client, ...from }, desired);
  const [before, machine] = await Promise.all([
    readVm(client, from),
    to === undefined ? undefined : readVm(client, to),
  ]);
  const number = Math.max(...[before, machine].map((each) => machineNumber(each?.config['tags']))) + 1;
  const note = newNote(context, 'rebuild', `VM ${from.vmid}`);
  const kept = isFormer(before.config['tags'], app);
  const rest = lastingNote(app, before.config['description'], kept || isHandover(before.config['tags']));
  const write = (each: CopyNote): string => handoverNote(each, { before: to?.vmid, ha, kept, rest });
  const makeItTheApps = async (old: ExistingVm): Promise<void> => {
    requireSame(before, old);
    const { tags } = old.config;
    await setConfig(client, from, {
      // One that runs is plugged in when the other is unplugged.
      ...(old.status.status === 'running' ? {} : cables(old.config, false)),
      ...digestOf(old.config),
      onboot: context.config.vm.onboot ? 1 : 0,
      tags: withForeign(machineTags(app, number, to === undefined ? undefined : { before: to.vmid }), tags),
      description: write(note),
    });
  };
  const aside = (vm: ExistingVm): Readonly<Record<string, number | string>> => ({
    ...asideParams(app, vm, from.vmid),
    ...(left === 'former'
      ? {}
      : { tags: withForeign(copyTags(app, 'rebuild'), vm.config['tags']), description: writeNote(note) }),
  });
  await runSteps(io, signal, [
    ...(to !== undefined && machine?.status.ha?.managed === true
      ? [haStep(beginEnsuring(context, { client, ...to }, desired), false)]
      : []),
    to === undefined
      ? {
          title: `Make VM ${from.vmid} the one of the app again, and start it`,
          run: async (report: StepReport) => {
            await makeItTheApps(await readVm(client, from));
            await turnOn(context, client, from, report);
          },
        }
      : {
          title: `Unplug VM ${to.vmid}, and have VM ${from.vmid} serve again`,
          run: (report: StepReport) =>
            exchange(context, client, { giver: to, aside, taker: from, leave }, report, (current, old) => {
              requireSame(machine, current);
              return makeItTheApps(old);
            }),
        },
  ]);
  await whileBeating(
    context,
    client,
    from,
    note,
    () =>
      runSteps(io, signal, [
        bootStep({ context, target: { client, ...from } }),
        {
          title: 'Start the app in it, and look whether it serves',
          run: async (report) => {
            host = await serveAgain(context, from, report);
          },
        },
      ]),
    write,
  );
  await declareServing(context, client, app, from, undefined);
  const wanted = desired.ha ?? (ha ? true : undefined);
  await finishing(context, [
    ...(to === undefined
      ? []
      : [{ title: `Shut down VM ${to.vmid}`, run: (report: StepReport) => turnOff(context, client, to, report) }]),
    ...(wanted === undefined ? [] : [haStep(ensuring, wanted)]),
    ...(desired.backup === undefined ? [] : [backupStep(ensuring)]),
  ]);
  return host;
}

/**
 * What did not become healthy is given up, and the one before serves again. What was started with the address may have served since: it is
 * kept. @throws REBUILD_RESTORED, REBUILD_UNHEALTHY
 */
export async function goBack(
  context: Context,
  swap: Swap,
  why: unknown,
  { started, ha }: Pick<Progress, 'ha' | 'started'>,
): Promise<never> {
  const { from, to } = swap;
  const { io } = context;
  const cause = toZebuError(why);
  io.warn(`VM ${to.vmid} does not serve: ${cause.message}; going back to VM ${from.vmid}`);
  // With a connection and a time of its own: those of what has failed may be used up.
  await steadily(context, async (steady, client) => {
    await putBack(steady, client, swap, started ? 'former' : 'gone', { ha });
    if (started) return;
    await removeCopy(steady, client, to).catch((error: unknown) => {
      io.warn(`VM ${to.vmid} could not be removed: ${toZebuError(error).message}; the next vm:rebuild does it`);
    });
  }).catch((error: unknown) => {
    throw unhealthy(swap, cause, error);
  });
  if (started)
    io.note(
      `VM ${to.vmid} is kept, stopped and unplugged, for what was written in it: vm:rebuild --back goes to it, --forget removes it`,
    );
  throw restored(from, cause, started ? to : undefined);
}

/** What is said where nobody goes back, and nothing is decided. */
export const stillOpen = ({ from, to }: Swap): string =>
  `VM ${to.vmid} has taken the place of VM ${from.vmid}, and was not seen to serve: zebu vm:rebuild looks again, --back goes back`;

const details = (cause: ZebuError): Record<string, unknown> => ({
  cause: cause.code,
  reason: cause.message,
  ...(cause.details?.['evidence'] === undefined ? {} : { evidence: cause.details['evidence'] }),
});

const trimmed = (text: string): string => text.replace(/\.$/, '');

/** @param kept the new one, where it was not removed */
export function restored(place: Place, cause: ZebuError, kept?: Place): ZebuError {
  return new ZebuError(
    'REBUILD_RESTORED',
    `The VM was not rebuilt: ${trimmed(cause.message)}. The app serves from VM ${place.vmid} as before`,
    {
      hint:
        kept === undefined
          ? (cause.hint ?? 'The new VM is removed. See what it said above, and try again.')
          : `See what it said above. VM ${kept.vmid} is kept: zebu vm:rebuild --forget removes it, and then another rebuild is possible.`,
      details: { ...details(cause), vmid: place.vmid, ...(kept === undefined ? {} : { kept: kept.vmid }) },
      cause,
    },
  );
}

export function unhealthy({ from, to }: Back, cause: ZebuError, problem: unknown): ZebuError {
  const also = toZebuError(problem);
  return new ZebuError(
    'REBUILD_UNHEALTHY',
    `The VM was not rebuilt: ${trimmed(cause.message)}; and going back to VM ${from.vmid} failed: ${trimmed(also.message)}`,
    {
      hint: `zebu vm:rebuild tries again to have one serve. ${to === undefined ? 'Nothing' : `Neither VM ${from.vmid} nor VM ${to.vmid}`} was removed.`,
      details: { ...details(cause), vmid: from.vmid },
      cause: isZebuError(problem) ? problem : cause,
    },
  );
}
