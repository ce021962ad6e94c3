import { ZebuError } from '@zebu/kit';
import { toZebuError } from '@zebu/kit/core';
import { toReleaseId, type ReleaseId } from '../app-folder/release-id.js';
import { whileBeating } from '../temporary/heartbeat.js';
import type { CopyNote } from '../temporary/note.js';
import type { Place } from '../temporary/remove.js';
import type { Context } from '../context/context.js';
import { rollback } from '../deploy/rollback.js';
import { rememberAddress } from '../guest/last-address.js';
import type { ProxmoxClient } from '../proxmox/client.js';
import { readConfig, readVm, type ExistingVm } from '../proxmox/observe.js';
import { foreignTags, isHandover, machineNumber, machineTags, withForeign } from '../proxmox/ownership.js';
import { macOf } from '../proxmox/properties.js';
import { tagProblem } from '../proxmox/tags.js';
import type { QemuConfig } from '../proxmox/answers.js';
import { runSteps, type Step, type StepReport } from '../ui/steps.js';
import { desiredVm } from '../vm/desired.js';
import { backupStep, beginEnsuring, endEnsuring, haStep } from '../vm/ensure/index.js';
import { bootStep } from '../vm/ensure/boot.js';
import { guestStep } from '../vm/ensure/guest.js';
import { locateStep } from '../vm/ensure/locate.js';
import { loginStep } from '../vm/ensure/login.js';
import { ipconfig } from '../vm/facts.js';
import { asideParams, exchange, type Exchange } from './exchange.js';
import { forgetStopped } from './hold.js';
import { liveIn } from './live.js';
import { handoverNote, lastingNote, nextNote } from './notes.js';
import { requireUnlocked, setConfig, turnOff } from './power.js';
import { bringUnits } from './units.js';

/** The address, and with it the app, goes from one machine to the other. */
export interface Handover {
  readonly app: string;
  readonly from: Place;
  readonly to: Place;
  /** Of the machine that takes over: see machineTags. */
  readonly number: number;
  /** Null where who carries it on does not know: then it is the one that is live in it. */
  readonly release: ReleaseId | null;
  /** Where the app was reached; null where that is not known any more. */
  readonly host: string | null;
  readonly anyAddress: boolean;
  /** Of who is at work with it: it is renewed until the machine has served. */
  readonly note: CopyNote;
}

/** How far it has come, for who has to decide whether to go back, and what may be removed then. */
export interface Progress {
  /** The new one is the app's. */
  taken: boolean;
  /** It was started with the address: it may have served since, and have what nobody else has. */
  started: boolean;
  /** The verdict is good. From here on nothing goes back by itself. */
  live: boolean;
  /** When that was, by the clock's `elapsed`. */
  liveAt?: number;
  /** The one before was under the HA manager. */
  ha: boolean;
}

export const notBegun = (): Progress => ({ taken: false, started: false, live: false, ha: false });

const MAC = /([0-9A-F]{2}:){5}[0-9A-F]{2}/i;

/** Milliseconds in which it is seen whether a request was carried out whose answer was lost. */
const SEEN_MS = 30_000;

/** Whether the machine has the number; undefined where nobody answers. */
async function hasNumber({ clock, signal }: Context, client: ProxmoxClient, place: Place, number: number) {
  for (const until = clock.elapsed() + SEEN_MS; ; await clock.sleep(2000, signal)) {
    const config = await readConfig(client, place).catch(() => undefined);
    if (config !== undefined) return machineNumber(config['tags']) === number;
    if (clock.elapsed() >= until) return undefined;
  }
}

/** Tags that people have given the one before; without those that the login may not give. */
async function tagsToBring(context: Context, client: ProxmoxClient, old: QemuConfig, own: QemuConfig) {
  const theirs = foreignTags(old['tags']).join(';');
  const problem = await tagProblem(client, theirs, own['tags']);
  if (problem === undefined) return theirs;
  context.io.warn(`The new VM does not get the tags ${theirs} of the one before: ${problem.message}`);
  return '';
}

const noteToKeep = (app: string, { config }: ExistingVm): string =>
  lastingNote(app, config['description'], isHandover(config['tags']));

/**
 * The one request that makes the machine the app's: with the tags comes everything that makes it so, the network card's address first
 * of all. It is off, and neither it nor the one before is another than it was when that was seen.
 */
export async function takeOver(
  context: Context,
  client: ProxmoxClient,
  { app, from, to, number, note }: Handover,
  { before, taker, ha }: { readonly before: ExistingVm; readonly taker: ExistingVm; readonly ha: boolean },
): Promise<void> {
  const { network } = context.config.vm;
  const { config: old } = before;
  const { config: own } = taker;
  if (taker.status.status === 'running')
    throw new ZebuError('VM_DIFFERS', `VM ${taker.vmid} was started while it is to be off`, {
      hint: 'Somebody, or something on the host, has started it. Keep it from that, and run zebu vm:rebuild again.',
    });
  requireUnlocked([before, taker]);
  const mac = network.mac ?? macOf(old['net0']);
  const net0 = own['net0'];
  if (net0 === undefined || mac === undefined)
    throw new ZebuError('VM_DIFFERS', `VM ${to.vmid} has no network interface net0`);
  const { digest } = own;
  try {
    await setConfig(client, to, {
      tags: withForeign(
        machineTags(app, number, { before: from.vmid }),
        own['tags'],
        await tagsToBring(context, client, old, own),
      ),
      description: handoverNote(note, {
        before: from.vmid,
        ha,
        rest: noteToKeep(app, before),
      }),
      net0: net0.replace(MAC, mac.toUpperCase()),
      ipconfig0: ipconfig(network),
      // The node may be restarted before it is seen to serve.
      onboot: context.config.vm.onboot ? 1 : 0,
      ...(digest === undefined ? {} : { digest }),
    });
  } catch (error) {
    // The answer may have been lost of one that was carried out.
    if ((await hasNumber(context, client, to, number)) !== true) throw error;
  }
}

/** It serves: what marks it as one that has not yet goes. A refusal of that, such as by a lock, is no reason to go back. */
export async function declareServing(
  context: Context,
  client: ProxmoxClient,
  app: string,
  place: Place,
  before: Place | undefined,
): Promise<void> {
  try {
    const [own, old] = await Promise.all([
      readConfig(client, place),
      before === undefined ? undefined : readConfig(client, before),
    ]);
    await setConfig(client, place, {
      tags: withForeign(machineTags(app, machineNumber(own['tags'])), own['tags']),
      description: lastingNote(app, own['description'], true),
      onboot: context.config.vm.onboot ? 1 : 0,
      // Only now: a machine that is given up has to be removable.
      ...(old?.['protection'] === '1' ? { protection: 1 } : {}),
    });
  } catch (error) {
    context.io.warn(
      `VM ${place.vmid} serves, but is still marked as one that has not: ${toZebuError(error).message}; zebu vm:rebuild sees to that`,
    );
  }
}

/**
 * What is yet to do once the machine is the app's: it is started while the one before is unplugged, and judged from outside. That one is shut
 * down when it is good. @param begun of one that has not changed places yet: how, and what its note is to keep @throws how that went
 */
export async function beginServing(
  context: Context,
  client: ProxmoxClient,
  { app, from, to, release, host, anyAddress, note }: Handover,
  progress: Progress,
  begun?: { readonly exchanged: (report: StepReport) => Promise<void>; readonly rest: string },
): Promise<string> {
  const { io, signal } = context;
  const again = (report: StepReport): Promise<void> => {
    progress.started = true;
    return exchange(context, client, { giver: from, aside: (vm) => asideParams(app, vm, to.vmid), taker: to }, report);
  };
  const desired = await desiredVm(context);
  const ensuring = beginEnsuring(context, { client, ...to }, desired);
  const rest = begun?.rest ?? lastingNote(app, (await readConfig(client, to))['description'], true);
  const write = (each: CopyNote): string => handoverNote(each, { before: from.vmid, ha: progress.ha, rest });
  try {
    const [address, session] = await whileBeating(
      context,
      client,
      to,
      note,
      async () => {
        await runSteps(io, signal, [
          { title: `Unplug VM ${from.vmid}, and start VM ${to.vmid} with the address`, run: begun?.exchanged ?? again },
          bootStep(ensuring),
          locateStep(ensuring),
          loginStep(ensuring),
        ]);
        const found = ensuring.address;
        const line = ensuring.session;
        if (found === undefined || line === undefined) throw new Error('a VM that was logged in to has an address');
        if (host !== null && found.host !== host && !anyAddress)
          throw new ZebuError('VM_DIFFERS', `VM ${to.vmid} was given the address ${found.host}, and not ${host}`, {
            hint: 'Have the DHCP server reserve it for the MAC address; or, where any address is fine, --any-address.',
          });
        await rememberAddress(context, found);
        const id = release ?? toReleaseId(await liveIn(context, line));
        await rollback(context, {
          id,
          previous: null,
          // It may be starting its app by itself: see serve-at-boot.sh.
          lockWait: 1260,
          session: line,
          host: found.host,
          mode: 'rebuild',
        });
        return [found, line] as const;
      },
      write,
    );
    progress.live = true;
    progress.liveAt = context.clock.elapsed();
    await declareServing(context, client, app, to, from);
    await finishing(context, [
      { title: 'Let it do by itself what the one before did', run: () => bringUnits(context, session) },
      { title: 'Forget what was stopped for the rebuild', run: () => forgetStopped(context, session) },
      guestStep(ensuring),
      { title: `Shut down VM ${from.vmid}, which is kept`, run: (report) => turnOff(context, client, from, report) },
      ...(desired.ha === undefined ? [] : [haStep(ensuring, desired.ha)]),
      ...(desired.backup === undefined ? [] : [backupStep(ensuring)]),
    ]);
    return address.host;
  } finally {
    await endEnsuring(ensuring);
  }
}

/** What can be brought later as well is no reason to go back. */
export async function finishing(context: Context, steps: readonly Step[]): Promise<void> {
  for (const step of steps)
    try {
      await runSteps(context.io, context.signal, [step]);
    } catch (error) {
      context.io.warn(`${step.title}: ${toZebuError(error).message}; zebu vm:apply tries it again`);
    }
}

/** The new one is the app's, and takes the place of the one before at once; then it serves. @param leave see Exchange */
export async function handOver(
  context: Context,
  client: ProxmoxClient,
  handover: Handover,
  progress: Progress,
  leave?: Exchange['leave'],
): Promise<string> {
  const { app, from, to, note } = handover;
  const machines = await Promise.all([readVm(client, from), readVm(client, to)]);
  requireUnlocked(machines);
  const desired = await desiredVm(context);
  const ha = machines[0].status.ha?.managed === true;
  if (ha && desired.ha === undefined)
    context.io.warn(
      `VM ${from.vmid} is under the HA manager, VM ${to.vmid} is not: vm.ha: true in zebu.yml and vm:apply change that`,
    );
  const write = (each: CopyNote): string => nextNote(each, ha);
  if (ha) await setConfig(client, to, { description: write(note) });
  progress.ha = ha;
  await whileBeating(
    context,
    client,
    to,
    note,
    () =>
      runSteps(context.io, context.signal, [
        // It would start again what is shut down.
        ...(ha ? [haStep(beginEnsuring(context, { client, ...from }, desired), false)] : []),
        {
          title: `Shut down VM ${to.vmid}, which gets the address`,
          // What it has of the data is nowhere else as new.
          run: (report) => turnOff(context, client, to, report, { gently: true }),
        },
      ]),
    write,
  );
  const places: Exchange = { giver: from, aside: (vm) => asideParams(app, vm, to.vmid), taker: to, leave };
  return beginServing(context, client, handover, progress, {
    rest: noteToKeep(app, machines[0]),
    exchanged: (report) =>
      exchange(context, client, places, report, async (before, taker) => {
        await takeOver(context, client, handover, { before, taker, ha });
        progress.taken = true;
        progress.started = true;
      }),
  });
}
