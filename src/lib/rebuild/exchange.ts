import { isZebuError, ZebuError } from '@zebu/kit';
import { toZebuError } from '@zebu/kit/core';
import type { Place } from '../temporary/remove.js';
import type { Context } from '../context/context.js';
import type { QemuConfig } from '../proxmox/answers.js';
import type { ProxmoxClient } from '../proxmox/client.js';
import { readVm, type ExistingVm } from '../proxmox/observe.js';
import { taskExit } from '../proxmox/task-failure.js';
import { formerTags, isFormer, isHandover, withForeign } from '../proxmox/ownership.js';
import { cardsOf, isLinkDown, setProperties } from '../proxmox/properties.js';
import type { StepReport } from '../ui/steps.js';
import type { AppVm } from '../vm/app-vm.js';
import { stop } from '../vm/lifecycle.js';
import type { Left } from './hold.js';
import { formerNote, lastingNote } from './notes.js';
import { isHalted, machineAt, onceNotHalted, setConfig, startIt } from './power.js';

/**
 * The moment in which one machine serves no more, and the other does: the one is unplugged, the other started, or plugged in, and nothing
 * comes between the two requests.
 */

/** Every card with its cable out, or in again. */
export const cables = (config: QemuConfig, out: boolean): Readonly<Record<string, string>> =>
  Object.fromEntries(
    cardsOf(config).map(([key, value]) => [key, setProperties(value, { link_down: out ? '1' : undefined })]),
  );

/** Where it has no card at all, nobody reaches it either. */
const isUnplugged = ({ config }: Pick<ExistingVm, 'config'>): boolean =>
  cardsOf(config).every(([, card]) => isLinkDown(card));

/** It is on, and reached; one that a backup has in its hands is on, but nothing runs in it. */
export const canServe = (vm: ExistingVm): boolean =>
  vm.status.status === 'running' && !isHalted(vm) && !isUnplugged(vm);

/** What a machine is from then on whose place another one has taken. */
export const asideParams = (
  app: string,
  { config }: ExistingVm,
  by: number,
): Readonly<Record<string, number | string>> => ({
  ...cables(config, true),
  onboot: 0,
  tags: withForeign(formerTags(app), config['tags']),
  description: formerNote(
    app,
    by,
    lastingNote(app, config['description'], isFormer(config['tags'], app) || isHandover(config['tags'])),
  ),
});

export interface Exchange {
  /** Unplugged; it goes on running, with its app stopped, until the other one is seen to serve. */
  readonly giver: Place;
  /** The configuration that the giver has from then on, its cables included. */
  readonly aside: (giver: ExistingVm) => Readonly<Record<string, number | string>>;
  readonly taker: Place;
  /** The last word with the giver: until when its app stays as it is. */
  readonly leave?: (() => Promise<Left> | undefined) | undefined;
}

function requireInTime({ vmid }: Place, unpluggedAt: number, left: Left | undefined): void {
  if (left === undefined || unpluggedAt - left.at < left.forMs) return;
  throw new ZebuError(
    'VM_NOT_READY',
    `VM ${vmid} was unplugged too late: its app may have been started again before, and have written since`,
    { hint: 'Keep this machine awake, and run zebu vm:rebuild again.' },
  );
}

/** What `aside` changes. */
const asItWas = ({ config }: ExistingVm): Readonly<Record<string, number | string>> => ({
  ...Object.fromEntries(cardsOf(config)),
  onboot: config['onboot'] === '1' ? 1 : 0,
  tags: config['tags'] ?? '',
  description: config['description'] ?? '',
});

/** @returns when it was, by the clock on the wall; of a request whose answer was lost it is seen */
async function unplug(
  { clock }: Context,
  client: ProxmoxClient,
  place: Place,
  params: Readonly<Record<string, number | string>>,
): Promise<number> {
  try {
    await setConfig(client, place, params);
  } catch (error) {
    if (!isZebuError(error) || error.code !== 'OUTCOME_UNKNOWN') throw error;
    if (!isUnplugged(await readVm(client, place))) throw error;
  }
  return clock.now().getTime();
}

/** Started with its cable in, or plugged in where it runs. */
async function plugIn(context: Context, machine: AppVm, report: StepReport): Promise<void> {
  const { client, vm } = machine;
  if (vm.status.status !== 'running') await startIt(context, machine, report);
  else if (isUnplugged(vm)) await setConfig(client, vm, cables(vm.config, false));
}

/**
 * The giver is there still, as it was. A taker whose start was not seen to fail, as its task took too long or an answer was lost, may come up
 * yet: its cable is out before that of the giver is in. Where that is refused, as by the lock of a start that goes on, the giver stays out.
 */
async function plugInAgain(client: ProxmoxClient, giver: ExistingVm, taker: Place, why: unknown): Promise<void> {
  if (taskExit(why) === undefined) await setConfig(client, taker, cables((await readVm(client, taker)).config, true));
  await setConfig(client, giver, asItWas(giver));
}

/**
 * Both requests are on their way before either is answered: whoever is killed has sent none of them, and the giver serves, or both, and the
 * taker does. That one takes seconds to boot; it is switched off at once where the giver could not be unplugged.
 * @param prepare what is changed just before, such as what makes the taker the app's; given both machines as they are
 */
export async function exchange(
  context: Context,
  client: ProxmoxClient,
  { giver, aside, taker, leave }: Exchange,
  report: StepReport,
  prepare?: (giver: ExistingVm, taker: ExistingVm) => Promise<void>,
): Promise<void> {
  await onceNotHalted(context, client, taker, report);
  const [old, machine] = await Promise.all([readVm(client, giver), machineAt(client, taker)]);
  const left = await leave?.();
  await prepare?.(old, machine.vm);
  const [unplugged, plugged] = await Promise.allSettled([
    unplug(context, client, giver, aside(old)),
    plugIn(context, machine, report),
  ]);
  if (unplugged.status === 'rejected') {
    if (machine.vm.status.status !== 'running')
      await stop(context, await machineAt(client, taker), report, true).catch((error: unknown) =>
        context.io.warn(`VM ${taker.vmid} could not be stopped: ${toZebuError(error).message}`),
      );
    throw unplugged.reason;
  }
  if (plugged.status === 'rejected') {
    await plugInAgain(client, old, taker, plugged.reason).catch((error: unknown) =>
      context.io.warn(`VM ${giver.vmid} could not be plugged in again: ${toZebuError(error).message}`),
    );
    throw plugged.reason;
  }
  requireInTime(giver, unplugged.value, left);
}
