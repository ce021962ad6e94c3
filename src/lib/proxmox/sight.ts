import { isZebuError, ZebuError } from '@zebu/kit';
import type { ProxmoxClient } from './client.js';
import { holds, readPermissions, type Permissions } from './permissions.js';

/**
 * Lists of Proxmox leave out what the login may not see, and answer 200: an empty one is no proof that there is nothing.
 * This file decides which of the two it is, for every "there is none" that zebu reports.
 */

interface Kind {
  readonly many: string;
  /** Privileges needed to see everything of the kind, by path; of several on one path one is enough. */
  readonly needs: readonly Need[];
  /** Or this one alone. */
  readonly or?: Need;
}

interface Need {
  readonly path: string;
  readonly anyOf: readonly [string, ...string[]];
}

const KINDS = {
  vm: { many: 'VMs', needs: [{ path: '/vms', anyOf: ['VM.Audit'] }] },
  storage: { many: 'storages', needs: [{ path: '/storage', anyOf: ['Datastore.Audit', 'Datastore.AllocateSpace'] }] },
  bridge: { many: 'bridges', needs: [{ path: '/sdn/zones/localnetwork', anyOf: ['SDN.Use', 'SDN.Audit'] }] },
  backup: {
    many: 'backups',
    needs: [
      { path: '/storage', anyOf: ['Datastore.AllocateSpace', 'Datastore.Allocate'] },
      { path: '/vms', anyOf: ['VM.Backup'] },
    ],
    or: { path: '/storage', anyOf: ['Datastore.Allocate'] },
  },
} as const satisfies Record<string, Kind>;

export type Listed = keyof typeof KINDS;

export interface Blindness {
  readonly privilege: string;
  readonly aclPath: string;
  /** The paths below which something is seen; empty when nothing is. */
  readonly seen: readonly string[];
}

/**
 * @param below the only one that matters, such as `100` of the VMs
 * @returns undefined when everything of the kind is seen
 */
export function blindTo(permissions: Permissions, kind: Listed, below?: number | string): Blindness | undefined {
  const { needs, or }: Kind = KINDS[kind];
  if (or !== undefined && holds(permissions, or.path, or.anyOf)) return undefined;
  for (const { path, anyOf } of needs) {
    if (holds(permissions, path, anyOf)) continue;
    const aclPath = below === undefined ? path : `${path}/${below}`;
    if (below !== undefined && holds(permissions, aclPath, anyOf)) continue;
    const seen = Object.keys(permissions).filter(
      (each) => each.startsWith(`${path}/`) && holds(permissions, each, anyOf),
    );
    return { privilege: anyOf[0], aclPath, seen: seen.toSorted() };
  }
  return undefined;
}

function forbidden({ privilege, aclPath }: Blindness, message: string, cause?: unknown): ZebuError {
  return new ZebuError('PROXMOX_FORBIDDEN', message, {
    hint: `It needs ${privilege} on ${aclPath}; zebu doctor --role prints the role with all that zebu uses.`,
    details: { privilege, aclPath },
    cause,
  });
}

/** The permissions of the login; undefined where they cannot be read, which is no failure. */
async function permissionsOf(client: ProxmoxClient): Promise<Permissions | undefined> {
  try {
    return await readPermissions(client);
  } catch (error) {
    if (isZebuError(error) && (error.code === 'PROXMOX_REFUSED' || error.code === 'PROXMOX_FORBIDDEN'))
      return undefined;
    throw error;
  }
}

/** The error for an app whose VM is in no list: VM_MISSING, or PROXMOX_FORBIDDEN where that cannot be told. */
export async function vmMissing(client: ProxmoxClient, app: string): Promise<ZebuError> {
  const permissions = await permissionsOf(client);
  const blind = permissions === undefined ? undefined : blindTo(permissions, 'vm');
  if (blind === undefined) {
    return new ZebuError('VM_MISSING', `There is no VM of the app ${app} on this Proxmox host`, {
      hint: 'Create it: zebu vm:create',
    });
  }
  if (blind.seen.length === 0)
    return forbidden(blind, `The login may see no VM, so whether there is one of the app ${app} cannot be told`);
  return new ZebuError(
    'VM_MISSING',
    `There is no VM of the app ${app} among those the login may see (${blind.seen.join(', ')})`,
    {
      hint: `It sees them all with ${blind.privilege} on ${blind.aclPath} (zebu doctor --role). If there is none: zebu vm:create`,
      details: { privilege: blind.privilege, aclPath: blind.aclPath },
    },
  );
}

/**
 * Called before a VM is made because none was found: it may exist unseen, and then there would be two.
 * @param vmid where it can only be, if anywhere
 * @throws PROXMOX_FORBIDDEN
 */
export async function requireSightOfVms(client: ProxmoxClient, app: string, vmid?: number): Promise<void> {
  const permissions = await permissionsOf(client);
  const blind = permissions === undefined ? undefined : blindTo(permissions, 'vm', vmid);
  if (blind === undefined) return;
  const what = blind.seen.length === 0 ? 'no VM' : `only some VMs (${blind.seen.join(', ')})`;
  throw forbidden(blind, `The login may see ${what}, so whether there is one of the app ${app} already cannot be told`);
}

/**
 * The error for something that is not in a list: itself, unless the list may lack what the login may not see.
 * @param below the one that was looked for, where there is one
 */
export async function unlessUnseen(
  client: ProxmoxClient,
  kind: Listed,
  error: unknown,
  below?: number | string,
): Promise<unknown> {
  if (!isZebuError(error)) return error;
  const permissions = await permissionsOf(client);
  const blind = permissions === undefined ? undefined : blindTo(permissions, kind, below);
  if (blind === undefined) return error;
  return forbidden(blind, `${error.message}; but the login may not see all ${KINDS[kind].many}`, error);
}
