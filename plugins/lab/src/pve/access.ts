import { timingSafeEqual } from 'node:crypto';
import { PveFault } from './fault.js';
import type { ApiTokenRecord, LabState } from './state.js';
import type { Tickets } from './tickets.js';

/** Every privilege of the schema that zebu or a person might ask for, of all versions. */
const COMMON = [
  ...['Datastore.Allocate', 'Datastore.AllocateSpace', 'Datastore.AllocateTemplate', 'Datastore.Audit'],
  ...[
    'Group.Allocate',
    'Mapping.Audit',
    'Mapping.Modify',
    'Mapping.Use',
    'Permissions.Modify',
    'Pool.Allocate',
    'Pool.Audit',
  ],
  ...['Realm.Allocate', 'Realm.AllocateUser', 'SDN.Allocate', 'SDN.Audit', 'SDN.Use', 'Sys.AccessNetwork', 'Sys.Audit'],
  ...[
    'Sys.Console',
    'Sys.Incoming',
    'Sys.Modify',
    'Sys.PowerMgmt',
    'Sys.Syslog',
    'User.Modify',
    'VM.Allocate',
    'VM.Audit',
  ],
  ...[
    'VM.Backup',
    'VM.Clone',
    'VM.Config.CDROM',
    'VM.Config.CPU',
    'VM.Config.Cloudinit',
    'VM.Config.Disk',
    'VM.Config.HWType',
  ],
  ...['VM.Config.Memory', 'VM.Config.Network', 'VM.Config.Options', 'VM.Console', 'VM.Migrate', 'VM.PowerMgmt'],
  ...['VM.Snapshot', 'VM.Snapshot.Rollback'],
] as const;

const AGENT_OF_8 = ['VM.Monitor'];
const AGENT_OF_9 = ['Audit', 'FileRead', 'FileSystemMgmt', 'FileWrite', 'Unrestricted'].map(
  (name) => `VM.GuestAgent.${name}`,
);
const ONLY_9 = [...AGENT_OF_9, 'VM.Replicate'];

/** Of one version; `8.4.21`. */
export function privilegesOf(version: string): readonly string[] {
  return [...COMMON, ...(Number(version.split('.')[0]) >= 9 ? ONLY_9 : AGENT_OF_8)].toSorted();
}

/** Of all versions together: the built-in roles hold what there is. */
const PRIVILEGES: readonly string[] = [...COMMON, ...AGENT_OF_8, ...ONLY_9];

/** Who asks, and what they may do where. */
export interface Caller {
  /** `user@realm` or `user@realm!token`. */
  readonly id: string;
  /** From the host's own shell, whose programs run a task themselves. */
  readonly local?: boolean;
  may(path: string, privilege: string): boolean;
}

export const ROOT_USER = 'root@pam';

export const ROOT: Caller = { id: ROOT_USER, may: () => true };

export const LOCAL_ROOT: Caller = { ...ROOT, local: true };

const BUILT_IN: Readonly<Record<string, readonly string[]>> = {
  Administrator: PRIVILEGES,
  NoAccess: [],
  PVEAuditor: ['Datastore.Audit', 'Mapping.Audit', 'Pool.Audit', 'SDN.Audit', 'Sys.Audit', 'VM.Audit'],
  PVEDatastoreAdmin: PRIVILEGES.filter((name) => name.startsWith('Datastore.')),
  PVEDatastoreUser: ['Datastore.AllocateSpace', 'Datastore.Audit'],
  PVESDNUser: ['SDN.Audit', 'SDN.Use'],
  PVEVMAdmin: PRIVILEGES.filter((name) => name.startsWith('VM.')),
  PVEVMUser: [
    ...['VM.Audit', 'VM.Backup', 'VM.Config.CDROM', 'VM.Config.Cloudinit', 'VM.Console', 'VM.PowerMgmt'],
    ...AGENT_OF_9.filter((name) => !name.endsWith('.Unrestricted')),
  ],
};

/** Role → its privileges, the built-in ones first. */
export function rolesOf(state: LabState): Readonly<Record<string, readonly string[]>> {
  return { ...BUILT_IN, ...state.roles };
}

export const isBuiltIn = (role: string): boolean => Object.hasOwn(BUILT_IN, role);

/** What was granted to a user or token itself: the entry nearest to the path counts, not the sum of all above it. */
function granted(state: LabState, ugid: string, path: string, privilege: string): boolean {
  const roles = rolesOf(state);
  for (let at = path; ; at = at.replace(/\/[^/]*$/, '') || '/') {
    const here = state.acl.filter(
      (entry) => entry.ugid === ugid && entry.path === at && (at === path || entry.propagate),
    );
    if (here.length > 0) return here.some(({ roleid }) => roles[roleid]?.includes(privilege) === true);
    if (at === '/') return false;
  }
}

const userMay = (state: LabState, user: string, path: string, privilege: string): boolean =>
  user === ROOT_USER || granted(state, user, path, privilege);

/** A token never may more than its user; with privilege separation only what was granted to it as well. */
function callerOf(state: LabState, token: ApiTokenRecord): Caller {
  const [user = ''] = token.id.split('!');
  return {
    id: token.id,
    may: (path, privilege) =>
      userMay(state, user, path, privilege) && (!token.privsep || granted(state, token.id, path, privilege)),
  };
}

export function hasPrivilege(caller: Caller, path: string, privilege: string): boolean {
  return caller.may(path, privilege);
}

/** @throws PveFault 403 naming path and privileges; `anyOf` needs one of them */
export function requirePrivilege(caller: Caller, path: string, ...anyOf: readonly string[]): void {
  if (anyOf.some((privilege) => hasPrivilege(caller, path, privilege))) return;
  throw new PveFault(403, `Permission check failed (${path}, ${anyOf.join('|')})`);
}

function sameSecret(a: string, b: string): boolean {
  const [x, y] = [Buffer.from(a), Buffer.from(b)];
  return x.length === y.length && timingSafeEqual(x, y);
}

/** What a request brings to say who it is from. */
export interface Credentials {
  readonly method: string;
  readonly authorization?: string | undefined;
  readonly cookie?: string | undefined;
  readonly csrf?: string | undefined;
}

/** A login: its ticket in a cookie, and beside it, for every write, the token that keeps other sites from asking. */
function ofTicket({ method, cookie = '', csrf }: Credentials, state: LabState, tickets: Tickets): Caller | undefined {
  const [, ticket] = /(?:^|;\s*)PVEAuthCookie=([^;]+)/.exec(cookie) ?? [];
  if (ticket === undefined) return undefined;
  const user = tickets.verifyTicket(decodeURIComponent(ticket));
  if (method !== 'GET') tickets.verifyCsrfToken(user, csrf);
  return user === ROOT_USER ? ROOT : { id: user, may: (path, privilege) => userMay(state, user, path, privilege) };
}

/** @throws PveFault 401, whose reason is all it says */
export function authenticate(credentials: Credentials, state: LabState, tickets: Tickets): Caller {
  const { authorization } = credentials;
  if (authorization === undefined) {
    const caller = ofTicket(credentials, state, tickets);
    if (caller === undefined) throw new PveFault(401, 'No ticket');
    return caller;
  }
  const [, id = '', secret = ''] = /^PVEAPIToken[= ]([^=\s]+)=(\S+)$/.exec(authorization) ?? [];
  const token = state.tokens.find((candidate) => candidate.id === id);
  if (token === undefined || !sameSecret(token.secret, secret)) throw new PveFault(401, 'Authentication failed!');
  if (token.expire !== 0 && token.expire * 1000 < Date.now()) throw new PveFault(401, 'Authentication failed!');
  return callerOf(state, token);
}

const TREE = ['/', '/access', '/access/groups', '/nodes', '/pool', '/sdn', '/storage', '/vms'];

/** `GET /access/permissions`: path → privilege → 1. */
export function permissionsOf(
  caller: Caller,
  state: LabState,
  version: string,
): Record<string, Record<string, number>> {
  const tree: Record<string, Record<string, number>> = {};
  for (const path of new Set([...TREE, ...state.acl.map((entry) => entry.path)])) {
    const names = privilegesOf(version).filter((name) => caller.may(path, name));
    if (names.length > 0) tree[path] = Object.fromEntries(names.map((name) => [name, 1]));
  }
  return tree;
}
