import { timingSafeEqual } from 'node:crypto';
import { PveFault } from './fault.js';
import type { ApiTokenRecord } from './state.js';

/** Every privilege of the schema that zebu or a person might ask for. */
export const PRIVILEGES = [
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
  ...[
    'VM.Config.Memory',
    'VM.Config.Network',
    'VM.Config.Options',
    'VM.Console',
    'VM.Migrate',
    'VM.Monitor',
    'VM.PowerMgmt',
  ],
  ...['VM.Snapshot', 'VM.Snapshot.Rollback'],
] as const;

/** Who asks, and what they may do where. */
export interface Caller {
  /** `user@realm` or `user@realm!token`. */
  readonly id: string;
  readonly acl: Readonly<Record<string, readonly string[]>>;
}

export const ROOT: Caller = { id: 'root@pam', acl: { '/': ['*'] } };

/** Rights given on a path hold below it. */
export function hasPrivilege(caller: Caller, path: string, privilege: string): boolean {
  return Object.entries(caller.acl).some(
    ([granted, privileges]) =>
      (granted === '/' || path === granted || path.startsWith(`${granted}/`)) &&
      (privileges.includes('*') || privileges.includes(privilege)),
  );
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

/** @throws PveFault 401, whose reason is all it says */
export function authenticate(header: string | undefined, tokens: readonly ApiTokenRecord[]): Caller {
  if (header === undefined) throw new PveFault(401, 'No ticket');
  const [, id = '', secret = ''] = /^PVEAPIToken[= ]([^=\s]+)=(\S+)$/.exec(header) ?? [];
  const token = tokens.find((candidate) => candidate.id === id);
  if (token === undefined || !sameSecret(token.secret, secret)) throw new PveFault(401, 'Authentication failed!');
  return { id: token.id, acl: token.acl };
}

/** `GET /access/permissions`: path → privilege → 1. */
export function permissionsOf(caller: Caller): Record<string, Record<string, number>> {
  const tree: Record<string, Record<string, number>> = {};
  for (const [path, privileges] of Object.entries(caller.acl)) {
    const names = privileges.includes('*') ? PRIVILEGES : privileges;
    const paths = path === '/' ? ['/', '/access', '/mapping', '/nodes', '/pool', '/sdn', '/storage', '/vms'] : [path];
    for (const each of paths) tree[each] = Object.fromEntries(names.map((name) => [name, 1]));
  }
  return tree;
}
