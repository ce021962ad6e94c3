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
import { expand } from '../config/expand.js';
import type { NodeName, Vmid } from '../proxmox/ids.js';
import { findVm, readVm, type ExistingVm } from '../proxmox/observe.js';
import { macOf, parseProperties } from '../proxmox/properties.js';
import { vmMissing } from '../proxmox/sight.js';
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
  /** Waits for what a VM that was just started may not do yet; tries once where it has been up for long. */
  readonly onceUp: <Result>(attempt: (signal: AbortSignal) => Promise<Result>) => Promise<Result>;
}

/** Seconds after its start for which a VM that does not answer may still be booting; less where vm.ready_timeout is. */
const BOOT_SECONDS = 180;

/** Errors that the rest of the boot cures: the agent, the address or SSH are not there yet. */
const bootCures = (error: unknown): boolean => isNotYet(error) || (isZebuError(error) && error.code === 'VM_NOT_READY');

function onceUp(context: Context, vmid: number, upSeconds: number): LocatedGuest['onceUp'] {
  const seconds = Math.min(BOOT_SECONDS, context.config.vm.ready_timeout);
  const deadline = context.clock.elapsed() + Math.max(0, seconds - upSeconds) * 1000;
  let said = false;
  const onWait = (): void => {
    if (!said) context.io.note(`VM ${vmid} was just started: waiting for it, ${seconds} s from its start at most`);
    said = true;
  };
  return (attempt) => {
    const timeoutMs = deadline - context.clock.elapsed();
    const { clock, signal } = context;
    // What is left near the end is too short for an attempt that works: by then the VM is taken for one that is up.
    if (timeoutMs <= (seconds * 1000) / 6) return onceThawed(context, vmid, attempt);
    const giveUp = (last: unknown): ZebuError =>
      lastWord(last, `VM ${vmid} did not answer within ${seconds} s of its start`);
    return retryUntil({ clock, signal, timeoutMs, onWait }, '', attempt, giveUp, bootCures);
  };
}

/** Of a VM that is up: a backup or snapshot that holds its file systems is waited for, anything else is not. */
function onceThawed<Result>(
  context: Context,
  vmid: number,
  attempt: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const { clock, signal, io, config } = context;
  let said = false;
  const onWait = (): void => {
    if (!said) io.note(`A backup or snapshot holds the file systems of VM ${vmid}: waiting for its end`);
    said = true;
  };
  const timeoutMs = Math.min(BOOT_SECONDS, config.vm.ready_timeout) * 1000;
  const giveUp = (last: unknown): ZebuError => lastWord(last, `VM ${vmid} did not answer within ${timeoutMs / 1000} s`);
  return retryUntil({ clock, signal, timeoutMs, onWait }, '', attempt, giveUp, isFrozen);
}

/** What the last attempt ran into; one that was still waiting has nothing to say. */
function lastWord(last: unknown, otherwise: string): ZebuError {
  if (isZebuError(last)) return last;
  return new ZebuError('VM_NOT_READY', otherwise, { hint: 'Look at it: zebu vm:console --follow' });
}

export function uuidOf(vm: Pick<ExistingVm, 'config' | 'vmid'>): string {
  return parseProperties(vm.config['smbios1'] ?? '').values.get('uuid') ?? String(vm.vmid);
}

export function pinsFor(context: Context, client: ProxmoxClient): PinStore {
  return pinStore(context.stateDir, context.config.app.name, client.where);
}

function waiting(context: Context): Waiting {
  return { clock: context.clock, signal: context.signal, timeoutMs: 30_000, onWait: () => {} };
}

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

/** What the configuration says of the login. */
export function ownLogin({ config: { vm }, root }: Context): Pick<GuestAddress, 'identityFile' | 'port' | 'user'> {
  return {
    port: vm.ssh_port,
    user: vm.user,
    identityFile: vm.identity_file === undefined ? undefined : expand(vm.identity_file, root),
  };
}

/**
 * Finds the app's running VM and its pinned keys, in two requests when this machine knows it already. Keys not pinned
 * here yet are read through the guest agent and pinned.
 * @throws VM_MISSING, VM_NOT_RUNNING, VM_NOT_READY
 */
export async function locateGuest(context: Context): Promise<LocatedGuest> {
  const { config } = context;
  const client = await makeClient(await context.transport(), context.io);
  const row = await findVm(client, config.app.name);
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
    pin = {
      app: config.app.name,
      vmid: row.vmid,
      uuid: uuidOf(vm),
      mac,
      hostKeys: [...(await waitForHostKeys(target, waiting(context)))],
    };
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
