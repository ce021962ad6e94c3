import { handledLater, ZebuError, type JumpHost } from '@zebu/kit';
import type { SshSession, SshTarget } from '@zebu/kit/ssh';
import { describeOrigin } from '../config/layers.js';
import type { Context } from '../context/context.js';
import type { GuestAddress } from './address.js';
import { forgetAddress, lastAddress, rememberAddress } from './last-address.js';

/**
 * The Proxmox host as a jump, for VMs on a network only it can reach; undefined where the way is direct.
 * @throws CONFIG_INVALID when the transport knows no login on the host
 */
export async function hostAsJump({ config, loaded, transport }: Context): Promise<JumpHost | undefined> {
  if (config.vm.via === 'direct') return undefined;
  const { id, jumpHost } = await transport();
  if (jumpHost !== undefined) return jumpHost;
  throw new ZebuError(
    'CONFIG_INVALID',
    `${describeOrigin(loaded.origin('vm.via'))}: \`vm.via: host\` leads through the Proxmox host, on which the transport ${id} has no login`,
    { hint: 'Set vm.via to direct, or choose another transport (zebu providers).' },
  );
}

function jumpTarget({ knownHosts, ...way }: JumpHost): SshTarget {
  return { ...way, trust: { knownHosts }, useConfig: true };
}

function guestTarget(address: GuestAddress, jump: JumpHost | undefined): SshTarget {
  return {
    host: address.host,
    port: address.port,
    user: address.user,
    identityFile: address.identityFile,
    trust: { pinned: address.hostKeys },
    proxyJump: jump === undefined ? 'none' : jumpTarget(jump),
    connectTimeoutMs: 60_000,
  };
}

/**
 * One connection to an address that is known already. The caller closes it.
 * @param reachTimeoutMs milliseconds to be answered at all
 */
export async function connectGuest(
  context: Context,
  address: GuestAddress,
  reachTimeoutMs?: number,
): Promise<SshSession> {
  const [jump, { openSsh }] = await Promise.all([hostAsJump(context), import('@zebu/kit/ssh')]);
  return openSsh({ ...guestTarget(address, jump), reachTimeoutMs }, { signal: context.signal });
}

export interface Guest {
  readonly address: GuestAddress;
  readonly session: SshSession;
}

/** Milliseconds for the address of the last time to take a connection; one that is gone often does not answer at all. */
const LAST_MS = 2000;

/** Connects to the address of the last time; undefined when nothing answers there, or another machine does. */
async function openLast(context: Context): Promise<Guest | undefined> {
  const address = await lastAddress(context);
  // Behind a jump nothing can be tried quickly.
  if (address === undefined || context.config.vm.via === 'host') return undefined;
  try {
    const session = await connectGuest(context, address, LAST_MS);
    context.io.debug(() => `VM ${address.vmid} is at ${address.host}, as the last time`);
    return { address, session };
  } catch (error) {
    if (context.signal.aborted) throw error;
    context.io.debug(() => `not at ${address.host} any more: ${(error as Error).message}`);
    await forgetAddress(context);
    return undefined;
  }
}

async function openLocated(context: Context, keysSeconds?: number): Promise<Guest> {
  const { locateGuest } = await import('./address.js');
  const address = await locateGuest(context, keysSeconds);
  const session = await address.onceUp((signal) => connectGuest({ ...context, signal }, address));
  await rememberAddress(context, address);
  return { address, session };
}

/**
 * Begins to connect to the address of the last time while something else is done. Given up when the command ends first.
 * @returns what openGuest goes on with
 */
export function openGuestEarly(context: Context): Promise<Guest | undefined> {
  const unused = new AbortController();
  const early = handledLater(openLast({ ...context, signal: AbortSignal.any([context.signal, unused.signal]) }));
  context.onClose(() => {
    unused.abort();
    return early.then(
      (guest) => guest?.session.close(),
      () => {},
    );
  });
  return early;
}

/**
 * The one SSH connection of a command into the app's VM; closed with the command. Proxmox is only asked for the address when
 * the VM does not answer at the last one.
 * @param keysSeconds to wait for the keys of a VM that this machine does not know yet
 */
export async function openGuest(context: Context, early = openLast(context), keysSeconds?: number): Promise<Guest> {
  const guest = (await early) ?? (await openLocated(context, keysSeconds));
  context.onClose(() => guest.session.close());
  return guest;
}
