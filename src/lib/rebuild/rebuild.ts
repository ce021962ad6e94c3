import { variables, ZebuError } from '@zebu/kit';
import { toZebuError } from '@zebu/kit/core';
import type { SshSession } from '@zebu/kit/ssh';
import { toReleaseId } from '../app-folder/release-id.js';
import { whileBeating } from '../temporary/heartbeat.js';
import { newNote } from '../temporary/note.js';
import { clearAway, type Place } from '../temporary/remove.js';
import type { Context } from '../context/context.js';
import { rollback } from '../deploy/rollback.js';
import { connectGuest, openGuest } from '../guest/session.js';
import { copyTags, formerTags, machineNumber, machineTags } from '../proxmox/ownership.js';
import { requireTags } from '../proxmox/tags.js';
import { runSteps, type StepReport } from '../ui/steps.js';
import { formatBytes, toSeconds } from '../ui/units.js';
import { findAppVm, type AppVm } from '../vm/app-vm.js';
import { desiredVm } from '../vm/desired.js';
import { beginEnsuring, haStep } from '../vm/ensure/index.js';
import { readRules } from '../vm/inspect.js';
import { goBack, restored, serveAgain, stillOpen, unhealthy } from './back.js';
import { finishing, handOver, notBegun, type Handover } from './handover.js';
import { hold, type Hold } from './hold.js';
import { takeIdentity } from './identity.js';
import { bringImages } from './images.js';
import { apart, desiredNext, makeNext, placeOf, planNext } from './next.js';
import { pipe } from './pipe.js';
import { onceUnlocked, requireUnlocked, turnOn } from './power.js';
import { plannedSteps, requireFit } from './plan.js';
import { nothing } from './nothing.js';
import type { Rebuilt } from './results.js';
import { rootLine } from './root-line.js';
import SEND_FILES from './send-files.sh';
import { leftBehind } from './left-behind.js';
import { liveIn } from './live.js';
import { foreseen, keptOf, readStand, settle } from './stand.js';
import { steadily } from './steady.js';
import { requireMovable, surveyMachine, type Surveyed } from './survey.js';
import TAKE_FILES from './take-files.sh';
import { noteUnits } from './units.js';
import { differing, forgetLists, requireShort, sendTrees, type Machines } from './trees.js';
import { endTrial } from './trial.js';

export interface RebuildOptions {
  readonly dryRun: boolean;
  /** Address of the new VM as long as it is prepared, with its prefix: where zebu.yml gives the VM a fixed one. */
  readonly temporary: string | undefined;
  readonly anyAddress: boolean;
  readonly leaveUnnamed: boolean;
  /** Seconds. */
  readonly lockWait: number;
}

/** A VM with a fixed address needs another one until it may have it. @throws CONFIG_INVALID, USAGE */
function checkTemporary({ config }: Context, temporary: string | undefined): void {
  const { address } = config.vm.network;
  if (address === 'dhcp' || temporary !== undefined) {
    if (temporary !== undefined && temporary !== 'dhcp' && temporary.split('/')[0] === address.split('/')[0])
      throw new ZebuError('USAGE', `--temporary-ip ${temporary} is the address the app is served from`, {
        hint: 'Give one that is free.',
      });
    return;
  }
  throw new ZebuError(
    'CONFIG_INVALID',
    `The VM has the fixed address ${address}; the new one needs another until it serves`,
    {
      hint: 'Give one that is free, in the same network: --temporary-ip 192.0.2.99/24, or --temporary-ip dhcp.',
    },
  );
}

const user = async (session: SshSession, signal: AbortSignal): Promise<string> =>
  (await session.exec(['id', '-u'], { signal, timeoutMs: 60_000 })).stdout.trim();

/** Bytes from which on the time they took says something of the line. */
const TELLING = 50_000_000;

/** Everything, while the app runs on. @returns bytes a second; undefined where too few went for that */
async function bulk(context: Context, machines: Machines, surveyed: Surveyed): Promise<number | undefined> {
  const { clock, io, signal, config } = context;
  let bytes = 0;
  let rate: number | undefined;
  await runSteps(io, signal, [
    {
      title: 'Bring the data over while the app runs',
      run: async (report) => {
        const [here, there] = await Promise.all([user(machines.from, signal), user(machines.to, signal)]);
        if (here !== there)
          throw new ZebuError(
            'VM_DIFFERS',
            `${config.vm.user} has the id ${there} in the new VM, and ${here} in the old one`,
            {
              hint: 'Its files would not be its own. Use an image in which the first user has the same id.',
            },
          );
        const since = clock.elapsed();
        bytes += await sendTrees(context, machines, surveyed.trees, { whole: true, still: false }, report);
        if (bytes >= TELLING) rate = (bytes * 1000) / (clock.elapsed() - since);
        const values = variables({ user: config.vm.user, app: config.app.name });
        await pipe(context, 'what the VM has of the app besides', {
          from: { session: machines.from, line: rootLine(values + SEND_FILES) },
          to: { session: machines.to, line: rootLine(values + TAKE_FILES) },
        });
        report.done(formatBytes(bytes));
      },
    },
    {
      title: 'Bring the images over',
      run: async (report) => {
        const images = await bringImages(context, machines, surveyed, report);
        report.done(formatBytes(images));
      },
    },
  ]);
  return rate;
}

/** What has changed since, with the app stopped; and whether both have the same then. @throws VM_NOT_READY */
async function difference(
  context: Context,
  machines: Machines,
  { trees }: Surveyed,
  { report, rate }: { readonly report: StepReport; readonly rate: number | undefined },
): Promise<number> {
  let bytes = await sendTrees(context, machines, trees, { whole: false, still: true }, report);
  report.update('comparing both');
  const other = await differing(context, machines, trees);
  if (other.length > 0) {
    requireShort(other, rate);
    bytes += await sendTrees(context, machines, other, { whole: true, still: true }, report);
    const [still] = await differing(context, machines, other);
    if (still !== undefined)
      throw new ZebuError(
        'VM_NOT_READY',
        `${still.what} is not the same in the new VM after it was brought over twice`,
        {
          hint: 'Something writes into it while the app is stopped: look in the VM with zebu vm:ssh.',
        },
      );
  }
  report.done(formatBytes(bytes));
  return bytes;
}

/** A new VM in the place of the old one. @throws REBUILD_RESTORED, REBUILD_UNHEALTHY, and what is refused before anything is made */
export async function rebuild(context: Context, options: RebuildOptions): Promise<Rebuilt> {
  const { clock, io, signal, config } = context;
  const app = config.app.name;
  const began = clock.elapsed();
  const seconds = (since: number): number => toSeconds(clock.elapsed() - since);
  checkTemporary(context, options.temporary);
  const appVm = await findAppVm(context);
  const { client } = appVm;
  if (!options.dryRun) {
    const { resumed } = await settle(context, client, options.anyAddress);
    if (resumed !== undefined)
      return {
        ...nothing('rebuild', seconds(began)),
        verdict: 'live',
        from: resumed.from,
        to: resumed.to,
        resumed: true,
        kept: resumed.from,
        address: { before: null, now: resumed.host },
      };
  } else {
    const steps = await foreseen(context, client);
    if (steps !== undefined)
      return { ...nothing('rebuild', seconds(began)), verdict: 'planned', from: placeOfVm(appVm), steps: [...steps] };
  }
  const { vm } = await findAppVm(context);
  const from = placeOfVm({ vm });
  if (vm.status.status !== 'running')
    throw new ZebuError('VM_NOT_RUNNING', `VM ${vm.vmid} (${appVm.name}) is ${vm.status.status}`, {
      hint: 'Start it: zebu vm:start',
    });
  const former = keptOf(await readStand(client, app), app);
  if (former !== undefined)
    throw new ZebuError('VM_DIFFERS', `VM ${former.vmid} is kept of the rebuild before`, {
      hint: 'Remove it with zebu vm:rebuild --forget, or go back to it with --back.',
    });
  const guest = await openGuest(context);
  let release = toReleaseId(await liveIn(context, guest.session));
  const note = newNote(context, 'rebuild', `VM ${vm.vmid}`);
  const next = apart(context, options.temporary);
  const desired = await desiredNext(next, vm, note);
  const [plan, seen] = await Promise.all([planNext(next, client, desired), surveyMachine(context, guest.session)]);
  requireMovable(seen, options.leaveUnnamed);
  for (const line of leftBehind(vm.config, seen, await readRules(client, vm))) io.warn(line);
  await requireFit(client, plan.node, desired, seen, plan);
  const to = placeOf(plan);
  const number = machineNumber(vm.config['tags']) + 1;
  requireUnlocked([vm]);
  await requireTags(client, tagsOnTheWay(app, number, from, to));
  const result = {
    ...nothing('rebuild', 0),
    from,
    to,
    release,
    address: { before: guest.address.host, now: null },
    copied: [
      ...seen.trees.map(({ what, bytes }) => ({ what, bytes })),
      { what: `${seen.images.length} images`, bytes: seen.imageBytes },
    ],
    steps: [...plannedSteps({ from, to, plan, host: guest.address.host })],
    kept: from,
  } satisfies Rebuilt;
  if (options.dryRun) return { ...result, verdict: 'planned', to: null, kept: null, seconds: seconds(began) };

  let begun = false;
  let held: Hold | undefined;
  let stoppedAt: number | undefined;
  const progress = notBegun();
  let differenceBytes = 0;
  let host = '';
  const quiet = withoutForcedExit(next);
  try {
    await whileBeating(context, client, to, note, async () => {
      const address = await makeNext(context, next, client, { plan, desired, note }, () => (begun = true));
      const session = await connectGuest(next, address);
      try {
        const machines: Machines = { from: guest.session, to: session };
        let surveyed: Surveyed = seen;
        await runSteps(io, signal, [
          {
            title: 'Keep others from deploying meanwhile',
            run: async () => {
              held = await hold(context, guest.address, options.lockWait);
              // Somebody may have deployed while the VM was made.
              release = toReleaseId(await liveIn(context, guest.session));
              surveyed = await surveyMachine(context, guest.session);
              requireMovable(surveyed, options.leaveUnnamed);
            },
          },
        ]);
        const rate = await bulk(context, machines, surveyed);
        await runSteps(io, signal, [
          {
            title: `Stop the app in VM ${from.vmid}`,
            run: async (report) => {
              // Neither could be shut down.
              await onceUnlocked(context, client, [from, to], report);
              stoppedAt = clock.elapsed();
              await held?.stop();
            },
          },
          {
            title: 'Bring over what has changed since',
            run: async (report) => {
              differenceBytes = await difference(context, machines, surveyed, { report, rate });
              await noteUnits(context, session, surveyed);
            },
          },
        ]);
        await rollback(quiet, {
          id: release,
          previous: null,
          lockWait: 60,
          session,
          host: address.host,
          mode: 'rebuild',
        });
        await runSteps(io, signal, [
          {
            title: `Stop it in VM ${to.vmid} again, with all data on its disk`,
            run: async () => {
              await endTrial(context, session);
              await takeIdentity(context, machines);
            },
          },
        ]);
      } finally {
        await forgetLists(context, guest.session);
        await session.close();
      }
    });
    signal.throwIfAborted();
    const handover: Handover = {
      app,
      from,
      to,
      number,
      release,
      host: guest.address.host,
      anyAddress: options.anyAddress,
      note,
    };
    try {
      host = await steadily(context, (steady, own) => handOver(steady, own, handover, progress, () => held?.leave()));
    } catch (error) {
      if (!progress.taken || progress.live) throw error;
      // Who has the lock in it just now is served by it.
      if (toZebuError(error).code === 'LOCK_HELD') {
        io.warn(stillOpen(handover));
        throw error;
      }
      await goBack(context, handover, error, progress);
    }
  } catch (error) {
    if (progress.taken) throw error;
    throw await giveUp(context, { error, held, begun, stopped: stoppedAt !== undefined, ha: progress.ha, from, to });
  } finally {
    await held?.close().catch(() => undefined);
  }
  return {
    ...result,
    release,
    verdict: 'live',
    address: { before: guest.address.host, now: host },
    gap: stoppedAt === undefined ? null : toSeconds((progress.liveAt ?? clock.elapsed()) - stoppedAt),
    seconds: seconds(began),
    differenceBytes,
  };
}

/** What a process that has to exit at once would say is about a deploy. */
function withoutForcedExit(context: Context): Context {
  const { setForcedExitError: _, ...rest } = context;
  return rest;
}

const placeOfVm = ({ vm: { node, vmid } }: Pick<AppVm, 'vm'>): Place => ({ node, vmid });

/** All tags that either of both has at some time, going back included. */
const tagsOnTheWay = (app: string, number: number, from: Place, to: Place): string =>
  [
    machineTags(app, number, { before: from.vmid }),
    machineTags(app, number + 1, { before: to.vmid }),
    formerTags(app),
    copyTags(app, 'rebuild'),
  ].join(';');

interface GivenUp {
  readonly error: unknown;
  readonly held: Hold | undefined;
  readonly begun: boolean;
  readonly stopped: boolean;
  /** The old one was taken from the HA manager. */
  readonly ha: boolean;
  readonly from: Place;
  readonly to: Place;
}

/** The old machine is the app's still: it serves again, and the new one is removed. @returns what the command ends with */
async function giveUp(context: Context, { error, held, begun, stopped, ha, from, to }: GivenUp): Promise<unknown> {
  const { io, config } = context;
  const cause = toZebuError(error);
  let problem: unknown;
  if (stopped) {
    io.note(`Starting the app again in VM ${from.vmid}`);
    // Where it is off, or the line is gone, that is done below.
    await held?.startAgain().catch(() => undefined);
    await steadily(context, async (steady, client) => {
      await runSteps(io, steady.signal, [
        {
          title: `Look whether VM ${from.vmid} serves`,
          run: async (report) => {
            await turnOn(steady, client, from, { ...report, done: () => {} });
            await serveAgain(steady, from, report);
          },
        },
      ]);
      if (!ha) return;
      const ensuring = beginEnsuring(steady, { client, ...from }, await desiredVm(steady));
      await finishing(steady, [haStep(ensuring, true)]);
    }).catch((failed: unknown) => (problem = failed));
  }
  // Where nobody serves, what is left tells the next run what to do.
  if (begun && problem === undefined) {
    io.note(`Removing VM ${to.vmid}, which is not needed`);
    await steadily(context, (steady, client) => clearAway(steady, client, { place: to })).catch((failed: unknown) =>
      io.warn(`VM ${to.vmid} could not be removed: ${toZebuError(failed).message}; the next vm:rebuild does it`),
    );
  }
  if (problem !== undefined) return unhealthy({ app: config.app.name, from, to }, cause, problem);
  return stopped && cause.code !== 'INTERRUPTED' ? restored(from, cause) : error;
}
