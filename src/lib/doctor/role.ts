import type { Config } from '../config/schema.js';
import { holds, type Permissions } from '../proxmox/permissions.js';

/** The privileges zebu needs, what for and where: the role that `doctor --role` prints and that tokens are held to. */

export type PveMajor = 8 | 9;

/** Where a privilege has to hold: which path of Proxmox's access tree that is depends on the VM and its storages. */
type Scope = 'backup' | 'bridge' | 'datacenter' | 'image' | 'node' | 'storage' | 'template' | 'vm';

interface Need {
  /** One of these is enough; the first is the one the role names. */
  readonly anyOf: readonly [string, ...string[]];
  readonly scope: Scope;
  /** Commands that cannot do without it. */
  readonly use: string;
  /** Without it a VM cannot be made or a release deployed; else only `use` is missing. */
  readonly core: boolean;
}

const CREATE = 'vm:create';

const COMMON: readonly Need[] = [
  ...[
    'VM.Allocate',
    'VM.Audit',
    'VM.Config.CDROM',
    'VM.Config.CPU',
    'VM.Config.Cloudinit',
    'VM.Config.Disk',
    'VM.Config.HWType',
    'VM.Config.Memory',
    'VM.Config.Network',
    'VM.Config.Options',
    'VM.PowerMgmt',
  ].map((name): Need => ({ anyOf: [name], scope: 'vm', use: CREATE, core: true })),
  { anyOf: ['Datastore.AllocateSpace'], scope: 'storage', use: CREATE, core: true },
  { anyOf: ['Datastore.Audit', 'Datastore.AllocateSpace'], scope: 'storage', use: CREATE, core: true },
  { anyOf: ['Datastore.AllocateTemplate'], scope: 'image', use: CREATE, core: true },
  { anyOf: ['Sys.AccessNetwork'], scope: 'node', use: CREATE, core: true },
  { anyOf: ['Sys.Audit'], scope: 'node', use: CREATE, core: true },
  { anyOf: ['SDN.Use'], scope: 'bridge', use: CREATE, core: true },
  { anyOf: ['VM.Snapshot'], scope: 'vm', use: 'vm:snapshot', core: false },
  { anyOf: ['VM.Backup'], scope: 'vm', use: 'vm:backup, app:rehearse --source backup', core: false },
  { anyOf: ['VM.Clone'], scope: 'vm', use: 'app:rehearse, data:prove, vm.template', core: false },
  { anyOf: ['VM.Migrate'], scope: 'vm', use: 'vm:migrate', core: false },
];

/** Proxmox VE 9 has taken VM.Monitor apart. */
const AGENT: Readonly<Record<PveMajor, readonly Need[]>> = {
  8: [{ anyOf: ['VM.Monitor'], scope: 'vm', use: CREATE, core: true }],
  9: [
    { anyOf: ['VM.GuestAgent.Audit', 'VM.GuestAgent.Unrestricted'], scope: 'vm', use: CREATE, core: true },
    { anyOf: ['VM.GuestAgent.FileRead', 'VM.GuestAgent.Unrestricted'], scope: 'vm', use: CREATE, core: true },
    { anyOf: ['VM.GuestAgent.Unrestricted'], scope: 'vm', use: 'vm:exec, vm:console', core: false },
  ],
};

/** For `vm.ha`: resources of the HA manager belong to the datacenter, not to the VM. */
const HA: readonly Need[] = ['Sys.Audit', 'Sys.Console'].map((name): Need => ({
  anyOf: [name],
  scope: 'datacenter',
  use: 'vm.ha',
  core: true,
}));

/** For `vm.backup`: jobs belong to the datacenter, and what is kept on a storage is for who may change that storage. */
const BACKUP: readonly Need[] = [
  { anyOf: ['Sys.Audit'], scope: 'datacenter', use: 'vm.backup', core: true },
  { anyOf: ['Sys.Modify'], scope: 'datacenter', use: 'vm.backup', core: true },
  { anyOf: ['Datastore.Allocate'], scope: 'backup', use: 'vm.backup', core: true },
];

/** For `vm.template`: a template is no VM of the app, and has another id. */
const TEMPLATE: readonly Need[] = ['VM.Allocate', 'VM.Audit', 'VM.Clone', 'VM.Config.Options'].map((name): Need => ({
  anyOf: [name],
  scope: 'template',
  use: 'vm.template',
  core: true,
}));

/** What of the configuration needs privileges that not everybody has to give. */
export interface Wishes {
  /** `vm.ha` is set. */
  readonly ha?: boolean;
  /** `vm.backup` is set. */
  readonly backup?: boolean;
  /** `vm.template` is true. */
  readonly template?: boolean;
}

function needsOf(major: PveMajor, { ha = false, backup = false, template = false }: Wishes = {}): readonly Need[] {
  return [...COMMON, ...AGENT[major], ...(ha ? HA : []), ...(backup ? BACKUP : []), ...(template ? TEMPLATE : [])];
}

/** @returns what `vm` of zebu.yml asks for beyond what everybody needs */
export const wishesOf = ({ ha, backup, template }: Config['vm']): Wishes => ({
  ha: ha !== undefined,
  backup: backup !== undefined,
  template,
});

/** The privileges of the role, in the order Proxmox lists them. */
export function rolePrivileges(major: PveMajor, wishes: Wishes = {}): readonly string[] {
  return [...new Set(needsOf(major, wishes).map(({ anyOf }) => anyOf[0]))].toSorted();
}

/** What to type on the host for a user with this role and a token of its own. */
export function pveumLines(major: PveMajor, wishes: Wishes = {}): readonly string[] {
  return [
    `pveum role add Zebu --privs "${rolePrivileges(major, wishes).join(' ')}"`,
    'pveum user add zebu@pve',
    'pveum acl modify / --users zebu@pve --roles Zebu',
    'pveum user token add zebu@pve cli --privsep 0',
  ];
}

export type ScopePaths = Readonly<Record<Scope, readonly string[]>>;

export interface Missing {
  readonly privilege: string;
  readonly path: string;
  readonly use: string;
  readonly core: boolean;
}

/** @param paths where each scope is, for this app: `/vms/100`, `/storage/local` */
export function missingPrivileges(
  permissions: Permissions,
  paths: ScopePaths,
  major: PveMajor,
  wishes: Wishes = {},
): readonly Missing[] {
  return needsOf(major, wishes).flatMap(({ anyOf, scope, use, core }) =>
    paths[scope].flatMap((path) => {
      return holds(permissions, path, anyOf) ? [] : [{ privilege: anyOf[0], path, use, core }];
    }),
  );
}
