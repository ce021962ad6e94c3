import { isZebuError, ZebuError } from '@zebu/kit';
import { toReleaseId, type ReleaseId } from '../app-folder/release-id.js';
import type { Place } from '../copies/remove.js';
import type { Context } from '../context/context.js';
import { rollback } from '../deploy/rollback.js';
import { rememberAddress } from '../guest/last-address.js';
import type { ProxmoxClient } from '../proxmox/client.js';
import { readConfig, readVm } from '../proxmox/observe.js';
import { formerTags, machineTags, ownNote } from '../proxmox/ownership.js';
import { macOf, setProperties } from '../proxmox/properties.js';
import type { QemuConfig } from '../proxmox/answers.js';
import { runSteps, type Step } from '../ui/steps.js';
import { desiredVm } from '../vm/desired.js';
import { backupStep, beginEnsuring, endEnsuring, haStep } from '../vm/ensure/index.js';
import { bootStep } from '../vm/ensure/boot.js';
import { guestStep } from '../vm/ensure/guest.js';
import { locateStep } from '../vm/ensure/locate.js';
import { loginStep } from '../vm/ensure/login.js';
import { ipconfig } from '../vm/facts.js';
import { liveIn } from './live.js';
import { bringUnits } from './units.js';
import { setConfig, turnOff, turnOn } from './power.js';

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
}

const MAC = /([0-9A-F]{2}:){5}[0-9A-F]{2}/i;

const NET = /^net\d+$/;

/** Every card with its cable out, or in again. */
export const cables = (config: QemuConfig, out: boolean): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(config)
      .filter(([key]) => NET.test(key))
      .map(([key, value]) => [key, setProperties(value, { link_down: out ? '1' : undefined })]),
  );

export const formerNote = (app: string, by: number): string =>
  `This was the virtual machine of the app "${app}" until VM ${by} took its place. zebu keeps it, stopped and unplugged: vm:rebuild --back goes back to it, vm:rebuild --forget removes it.`;

/**
 * The one request that makes the machine the app's: with the tags comes everything that makes it so, the network card's address first
 * of all. It is off, and so is the one before.
 */
async function takeOver(context: Context, client: ProxmoxClient, { app, from, to, number }: Handover): Promise<void> {
  const { network } = context.config.vm;
  const [old, own] = await Promise.all([readConfig(client, from), readConfig(client, to)]);
  const mac = network.mac ?? macOf(old['net0']);
  const net0 = own['net0'];
  if (net0 === undefined || mac === undefined)
    throw new ZebuError('VM_DIFFERS', `VM ${to.vmid} has no network interface net0`);
  await setConfig(client, to, {
    tags: machineTags(app, number, { open: true }),
    description: ownNote(app),
    net0: net0.replace(MAC, mac.toUpperCase()),
    ipconfig0: ipconfig(network),
    onboot: 0,
    ...(old['protection'] === '1' ? { protection: 1 } : {}),
  });
}

/** The one before: unplugged before the other starts, so that there are never two with one address. */
async function putAside(client: ProxmoxClient, app: string, place: Place, by: number): Promise<void> {
  const config = await readConfig(client, place);
  await setConfig(client, place, {
    ...cables(config, true),
    onboot: 0,
    tags: formerTags(app),
    description: formerNote(app, by),
  });
}

/** What is yet to do once the machine is the app's: it is started, and judged from outside. @throws how that went */
export async function beginServing(
  context: Context,
  client: ProxmoxClient,
  { app, from, to, number, release, host, anyAddress }: Handover,
): Promise<string> {
  const { io, signal, config } = context;
  const desired = await desiredVm(context);
  const ensuring = beginEnsuring(context, { client, ...to }, desired);
  try {
    await runSteps(io, signal, [
      { title: `Unplug VM ${from.vmid}, which was the one before`, run: () => putAside(client, app, from, to.vmid) },
      { title: `Start VM ${to.vmid} with the address`, run: (report) => turnOn(context, client, to, report) },
      bootStep(ensuring),
      locateStep(ensuring),
      loginStep(ensuring),
    ]);
    const { address, session } = ensuring;
    if (address === undefined || session === undefined) throw new Error('a VM that was logged in to has an address');
    if (host !== null && address.host !== host && !anyAddress)
      throw new ZebuError('VM_DIFFERS', `VM ${to.vmid} was given the address ${address.host}, and not ${host}`, {
        hint: 'Have the DHCP server reserve it for the MAC address; or, where any address is fine, --any-address.',
      });
    await rememberAddress(context, address);
    const id = release ?? toReleaseId(await liveIn(context, session));
    await rollback(context, { id, previous: null, lockWait: 60, session, host: address.host, mode: 'rebuild' });
    // It serves. From here on nothing goes back by itself.
    await setConfig(client, to, { tags: machineTags(app, number, { open: false }), onboot: config.vm.onboot ? 1 : 0 });
    await finishing(context, [
      { title: 'Let it do by itself what the one before did', run: () => bringUnits(context, session) },
      guestStep(ensuring),
      ...(desired.ha === undefined ? [] : [haStep(ensuring, desired.ha)]),
      ...(desired.backup === undefined ? [] : [backupStep(ensuring)]),
    ]);
    return address.host;
  } finally {
    await endEnsuring(ensuring);
  }
}

/** What can be brought later as well is no reason to go back. */
async function finishing(context: Context, steps: readonly Step[]): Promise<void> {
  for (const step of steps)
    try {
      await runSteps(context.io, context.signal, [step]);
    } catch (error) {
      if (!isZebuError(error)) throw error;
      context.io.warn(`${step.title}: ${error.message}; zebu vm:apply tries it again`);
    }
}

/** Both are off, then the new one is the app's, then it serves. @param onTaken called once it is the app's */
export async function handOver(
  context: Context,
  client: ProxmoxClient,
  handover: Handover,
  onTaken: () => void,
): Promise<string> {
  const { from, to } = handover;
  const old = await readVm(client, from);
  const desired = await desiredVm(context);
  if (old.status.ha?.managed === true && desired.ha === undefined)
    context.io.warn(
      `VM ${from.vmid} is under the HA manager, VM ${to.vmid} is not: vm.ha: true in zebu.yml and vm:apply change that`,
    );
  await runSteps(context.io, context.signal, [
    // It would start again what is shut down.
    ...(old.status.ha?.managed === true ? [haStep(beginEnsuring(context, { client, ...from }, desired), false)] : []),
    {
      title: `Shut down VM ${from.vmid} and VM ${to.vmid}`,
      run: async (report) => {
        const ended = await Promise.allSettled([
          turnOff(context, client, from, report),
          turnOff(context, client, to, { ...report, done: () => {} }),
        ]);
        for (const each of ended) if (each.status === 'rejected') throw each.reason;
      },
    },
    {
      title: `Make VM ${to.vmid} the one of the app`,
      run: async () => {
        await takeOver(context, client, handover);
        onTaken();
      },
    },
  ]);
  return beginServing(context, client, handover);
}
