import { isZebuError, ZebuError } from '@zebu/kit';
import type { Context } from '../context/context.js';
import {
  addressOf,
  isNotYet,
  readInterfaces,
  retryUntil,
  waitForHostKeys,
  type AgentTarget,
  type Waiting,
} from '../proxmox/agent.js';
import { isFrozen } from '../proxmox/agent-answer.js';
import { makeClient, type ProxmoxClient } from '../proxmox/client.js';
import type { NodeName, Vmid } from '../proxmox/ids.js';
import { findVm, readVm, type ExistingVm } from '../proxmox/observe.js';
import type { VmRow } from '../proxmox/ownership.js';
import { macOf, parseProperties } from '../proxmox/properties.js';
import { vmMissing } from '../proxmox/sight.js';
import { ownLogin } from './login.js';
import { pinStore, type PinStore } from './pin.js';

/** Where the VM is and which keys it must present. */
export interface GuestAddress {
  readonly vmid: Vmid;
  readonly node: NodeName;
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly identityFile: string | undefined;
  /** Public key lines. */
  readonly hostKeys: readonly string[];
  readonly knownHostsFile: string;
}

export interface LocatedGuest extends GuestAddress {
  /** Retries what a VM that was just started may not do yet; tries once where the VM has been up for long. */
  readonly onceUp: <Result>(attempt: (signal: AbortSignal) => Promise<Result>) => Promise<Result>;
}

/** Seconds after its start for which a VM that does not answer may still be booting; less where vm.ready_timeout is. */
const BOOT_SECONDS = 180;

/** Errors that end when the boot does: the agent, the address or SSH are not there yet. */
const bootCures = (error: unknown): boolean => isNotYet(error) || (isZebuError(error) && error.code === 'VM_NOT_READY');

/**
 * Retries the errors that end with the boot until the VM has been up for as long as a boot takes; an attempt that is under way then
 * goes on to its own end. A backup or snapshot that holds the VM's file systems is waited for at any time.
 * @param upSeconds how long the VM has been up
 */
export function onceUp(context: Context, vmid: number, upSeconds: number): LocatedGuest['onceUp'] {
  const { clock, signal, io, config } = context;
  const seconds = Math.min(BOOT_SECONDS, config.vm.ready_timeout);
  const booted = clock.elapsed() + Math.max(0, seconds - upSeconds) * 1000;
  let said = false;
  let last: unknown;
  const onWait = (): void => {
    const what = isFrozen(last)
      ? `A backup or snapshot holds the file systems of VM ${vmid}: waiting for its end`
      : `VM ${vmid} was just started: waiting for it, ${seconds} s from its start at most`;
    if (!said) io.note(what);
    said = true;
  };
  const giveUp = (): ZebuError =>
    isZebuError(last)
      ? last
      : new ZebuError('VM_NOT_READY', `VM ${vmid} did not answer within ${seconds} s`, {
          hint: 'Look at it: zebu vm:console --follow',
        });
  const cures = (error: unknown): boolean => {
    last = error;
    return clock.elapsed() < booted && bootCures(error);
  };
  return (attempt) => retryUntil({ clock, signal, timeoutMs: seconds * 1000, onWait }, '', attempt, giveUp, cures);
}

export function uuidOf(vm: Pick<ExistingVm, 'config' | 'vmid'>): string {
  return parseProperties(vm.config['smbios1'] ?? '').values.get('uuid') ?? String(vm.vmid);
}

export function pinsFor(context: Context, client: ProxmoxClient): PinStore {
  return pinStore(context.stateDir, context.config.app.name, client.where);
}

/** Seconds for the keys of a VM that this machine does not know yet. */
const KEYS_SECONDS = 30;
/** The same for commands that have something to show without having looked into the VM. */
export const IMPATIENT_SECONDS = 4;

function waiting(context: Context, seconds: number): Waiting {
  return { clock: context.clock, signal: context.signal, timeoutMs: seconds * 1000, onWait: () => {} };
}

/** The hint for a VM that was started a short while ago: it is still booting. */
function explainBoot(context: Context, vmid: number, upSeconds: number, error: unknown): unknown {
  if (!isZebuError(error) || error.code !== 'VM_NOT_READY' || error.details?.['agent'] !== undefined) return error;
  if (upSeconds > context.config.vm.boot_timeout) return error;
  return new ZebuError(
    'VM_NOT_READY',
    `VM ${vmid} is still in its first boot, ${upSeconds} s after its start: it has not made its SSH host keys yet`,
    {
      hint: 'Try again in a moment; how far it is: zebu vm:console --follow',
      details: { boot: 'first', uptime: upSeconds },
      cause: error,
    },
  );
}

/** Whether the VM cannot be looked into yet, because it has never been up before. */
export const isFirstBoot = (error: unknown): boolean =>
  isZebuError(error) && error.code === 'VM_NOT_READY' && error.details?.['boot'] === 'first';

/** The configured address without its prefix; undefined for DHCP. */
export function staticAddress(context: Context): string | undefined {
  const { address } = context.config.vm.network;
  return address === 'dhcp' ? undefined : address.split('/')[0];
}

async function currentAddress(context: Context, target: AgentTarget, mac: string): Promise<string> {
  try {
    const address = addressOf(await readInterfaces(target), mac);
    if (address !== undefined) return address;
  } catch (error) {
    // With pinned keys a configured address is safe to try even while the agent is silent.
    const fixed = staticAddress(context);
    if (fixed !== undefined) return fixed;
    throw error;
  }
  const fixed = staticAddress(context);
  if (fixed !== undefined) return fixed;
  throw new ZebuError('VM_NOT_READY', `VM ${target.vmid} has no IPv4 address on ${mac} yet`, {
    hint: 'Try again in a moment.',
  });
}

/**
 * Finds the app's running VM and its pinned keys, in two requests when this machine knows it already. Keys not pinned
 * here yet are read through the guest agent and pinned.
 * @param keysSeconds to wait for them
 * @param found the VM, by who has just looked for it
 * @throws VM_MISSING, VM_NOT_RUNNING, VM_NOT_READY (`isFirstBoot`)
 */
export async function locateGuest(context: Context, keysSeconds = KEYS_SECONDS, found?: VmRow): Promise<LocatedGuest> {
  const { config } = context;
  const client = await makeClient(await context.transport(), context.io);
  const row = found ?? (await findVm(client, config.app.name));
  if (row === undefined) throw await vmMissing(client, config.app.name);
  if (row.status !== 'running') {
    throw new ZebuError('VM_NOT_RUNNING', `VM ${row.vmid} (${row.name ?? ''}) is ${row.status ?? 'not running'}`, {
      hint: 'Start it: zebu vm:start',
    });
  }
  const pins = pinsFor(context, client);
  let pin = await pins.read();
  const target: AgentTarget = { client, vmid: row.vmid as Vmid, node: row.node as NodeName };
  const whenUp = onceUp(context, row.vmid, row.uptime);
  if (pin?.vmid !== row.vmid) {
    const vm = await readVm(client, row);
    const mac = macOf(vm.config['net0']);
    if (mac === undefined) throw new ZebuError('VM_DIFFERS', `VM ${row.vmid} has no network interface net0`);
    const hostKeys = await waitForHostKeys(target, waiting(context, keysSeconds)).catch((error: unknown) => {
      throw explainBoot(context, row.vmid, row.uptime, error);
    });
    pin = { app: config.app.name, vmid: row.vmid, uuid: uuidOf(vm), mac, hostKeys: [...hostKeys] };
    await pins.write(pin);
  }
  const { mac } = pin;
  return {
    vmid: target.vmid,
    node: target.node,
    host: await whenUp(() => currentAddress(context, target, mac)),
    ...ownLogin(context),
    hostKeys: pin.hostKeys,
    knownHostsFile: pins.knownHostsFile,
    onceUp: whenUp,
  };
}
