import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

export type ConfigValue = number | string;
export type VmConfig = Record<string, ConfigValue>;

export interface Snapshot {
  readonly name: string;
  description: string;
  /** Unix time in seconds. */
  readonly snaptime: number;
  readonly parent?: string;
  readonly config: VmConfig;
  /** A snapshot whose making or deletion broke off. */
  snapstate?: 'delete' | 'prepare';
}

export interface FirewallRule {
  [key: string]: ConfigValue;
}

interface IpSet {
  comment?: string;
  entries: { cidr: string; comment?: string }[];
}

/** What /etc/pve/firewall/VMID.fw holds. */
export interface VmFirewall {
  options: Record<string, ConfigValue>;
  rules: FirewallRule[];
  ipsets: Record<string, IpSet>;
}

export const emptyFirewall = (): VmFirewall => ({ options: {}, rules: [], ipsets: {} });

export interface VmRecord {
  /** Node that carries it; left out: the first. */
  node?: string;
  config: VmConfig;
  /** Changes that the running VM gets at its next start. */
  pending?: { set: VmConfig; remove: string[] };
  /** The settings that the cloud-init drive of the running VM was made from. */
  cloudInit?: VmConfig;
  /** The configuration's `lock`, such as `create`. */
  lock?: string;
  /** The disk came from the lab's own image, whose kernel can be started directly. */
  labImage: boolean;
  /** Unix time in milliseconds of the last start. */
  startedAt?: number;
  snapshots: Record<string, Snapshot>;
  parent?: string;
  firewall: VmFirewall;
}

export interface TaskRecord {
  readonly upid: string;
  readonly type: string;
  readonly id: string;
  readonly user: string;
  readonly tokenid?: string;
  readonly pid: number;
  readonly pstart: number;
  /** Unix time in seconds. */
  readonly starttime: number;
  endtime?: number;
  /** For measurements: in milliseconds, which no answer shows. */
  startedAt?: number;
  endedAt?: number;
  exitstatus?: string;
  log: string[];
}

export interface ApiTokenRecord {
  /** `user@realm!name`. */
  readonly id: string;
  readonly secret: string;
  /** Rights of its own, instead of all of its user's. */
  readonly privsep: boolean;
  /** Unix time in seconds; 0 for never. */
  readonly expire: number;
  readonly comment?: string;
}

interface AclEntry {
  readonly path: string;
  readonly type: 'token' | 'user';
  /** A user's or token's id. */
  readonly ugid: string;
  readonly roleid: string;
  readonly propagate: boolean;
}

/** One entry of storage.cfg. */
export interface StorageRecord {
  readonly storage: string;
  readonly type: string;
  content: readonly string[];
  /** Left out: as the type says. */
  shared?: boolean;
  disable?: boolean;
  /** Left out: every node. */
  nodes?: readonly string[];
  /** Such as `pool`, `path`, `prune-backups`. */
  options: Record<string, string>;
}

/** One entry of ha/resources.cfg. */
export interface HaResource {
  /** What is wanted; left out: `started`. */
  state?: string;
  group?: string;
  comment?: string;
  max_restart?: number;
  max_relocate?: number;
}

/** A request to the HA manager that it has not taken up yet. */
type HaCommand =
  | { readonly kind: 'migrate'; readonly sid: string; readonly target: string }
  | { readonly kind: 'stop'; readonly sid: string; readonly timeout: number };

/** What the HA manager knows of a resource. */
export interface HaService {
  state: string;
  /** Starts in a row that failed. */
  failures: number;
  /** The task that it waits for. */
  upid?: string;
  command?: HaCommand;
}

interface HaState {
  /** By sid, such as `vm:100`. */
  resources: Record<string, HaResource>;
  services: Record<string, HaService>;
  commands: HaCommand[];
}

export interface BridgeRecord {
  /** Cards of the host, separated by spaces. */
  readonly ports: string;
  readonly vlanAware: boolean;
}

/** One job of jobs.cfg. */
export type BackupJob = Record<string, string>;

/** An endpoint or matcher of notifications.cfg; lists as they were given. */
export interface NotificationEntry {
  readonly type: string;
  readonly name: string;
  options: Record<string, string | readonly string[]>;
}

export interface LabState {
  vms: Record<string, VmRecord>;
  /** Firewalls of VMs that are not there: nobody looks before one is written. */
  orphanFirewalls: Record<string, VmFirewall>;
  /** Options of datacenter.cfg that were set. */
  datacenter: Record<string, string>;
  /** By id, in the order they were made. */
  backupJobs: Record<string, BackupJob>;
  notifications: NotificationEntry[];
  /** What is behind the bridges of the hosts, where it is not nothing. */
  bridges: Record<string, BridgeRecord>;
  storages: StorageRecord[];
  tasks: TaskRecord[];
  /** Options of the datacenter's firewall. */
  firewall: Record<string, ConfigValue>;
  tokens: ApiTokenRecord[];
  /** Besides root@pam. */
  users: string[];
  /** Besides the built-in ones. */
  roles: Record<string, string[]>;
  acl: AclEntry[];
  ha: HaState;
  /** Volume id → SHA-256 with the size and time it was taken at. */
  sums: Record<string, { sha256: string; size: number; mtimeMs: number }>;
}

const EMPTY: LabState = {
  firewall: {},
  vms: {},
  orphanFirewalls: {},
  datacenter: {},
  backupJobs: {},
  notifications: [],
  bridges: {},
  storages: [
    {
      storage: 'local',
      type: 'dir',
      content: ['images', 'rootdir', 'vztmpl', 'import', 'iso', 'snippets', 'backup'],
      options: { path: '/var/lib/vz', 'prune-backups': 'keep-all=1' },
    },
  ],
  tasks: [],
  tokens: [],
  users: [],
  roles: {},
  acl: [],
  ha: { resources: {}, services: {}, commands: [] },
  sums: {},
};

/** The node's memory: one JSON file, replaced whole after every change, so that a killed daemon finds it consistent. */
export class StateFile {
  readonly state: LabState;
  readonly #file: string;

  constructor(file: string) {
    this.#file = file;
    this.state = load(file);
    for (const task of this.state.tasks) {
      if (task.exitstatus !== undefined) continue;
      // The worker died with the daemon.
      task.exitstatus = 'unexpected status';
      task.endtime = Math.floor(Date.now() / 1000);
    }
    for (const vm of Object.values(this.state.vms)) if (vm.lock === 'create' || vm.lock === 'clone') delete vm.lock;
  }

  save(): void {
    mkdirSync(dirname(this.#file), { recursive: true });
    const part = `${this.#file}.part`;
    writeFileSync(part, JSON.stringify(this.state), { mode: 0o600 });
    renameSync(part, this.#file);
  }
}

function load(file: string): LabState {
  try {
    return { ...structuredClone(EMPTY), ...(JSON.parse(readFileSync(file, 'utf8')) as LabState) };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return structuredClone(EMPTY);
    throw error;
  }
}
