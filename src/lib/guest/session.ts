import type { SshSession, SshTarget } from '@zebu/kit/ssh';
import type { Context } from '../context.js';
import { locateGuest, type GuestAddress } from './address.js';

/** The Proxmox host as a jump, for VMs on a network only it can reach. */
function hostAsJump(context: Context): SshTarget | undefined {
  const { proxmox, vm } = context.config;
  if (vm.via === 'direct' || proxmox.host === undefined) return undefined;
  const isSsh = proxmox.transport === 'ssh';
  return {
    host: proxmox.host,
    port: isSsh ? proxmox.port : undefined,
    user: proxmox.user,
    identityFile: proxmox.identity_file,
    trust: {
      knownHosts:
        proxmox.known_hosts === undefined ? ['/etc/ssh/ssh_known_hosts', '~/.ssh/known_hosts'] : [proxmox.known_hosts],
    },
    proxyJump: proxmox.proxy_jump,
    useConfig: true,
  };
}

/** For `ssh -J`. */
export function jumpText(context: Context): string | undefined {
  const jump = hostAsJump(context);
  if (jump === undefined) return undefined;
  return `${jump.user === undefined ? '' : `${jump.user}@`}${jump.host}${jump.port === undefined ? '' : `:${jump.port}`}`;
}

export function guestTarget(context: Context, address: GuestAddress): SshTarget {
  return {
    host: address.host,
    port: address.port,
    user: address.user,
    identityFile: address.identityFile,
    trust: { pinned: address.hostKeys },
    proxyJump: hostAsJump(context) ?? 'none',
    connectTimeoutMs: 60_000,
  };
}

/** One connection to an address that is known already. The caller closes it. */
export async function connectGuest(context: Context, address: GuestAddress): Promise<SshSession> {
  const { openSsh } = await import('@zebu/kit/ssh');
  return openSsh(guestTarget(context, address), { signal: context.signal });
}

export interface Guest {
  readonly address: GuestAddress;
  readonly session: SshSession;
}

/** The one SSH connection of a command into the app's VM; closed with the command. */
export async function openGuest(context: Context): Promise<Guest> {
  const address = await locateGuest(context);
  const session = await connectGuest(context, address);
  context.onClose(() => session.close());
  return { address, session };
}
