import type { Config } from '../../config/schema.js';
import type { Drift } from '../../proxmox/drift.js';
import { ZEBU_ROOT } from '../zebu-root.js';
import { DAEMON_JSON, SWAP_FILE, type ObservedGuest } from './check.js';
import { describeChange, unitsChange } from '../../units/change.js';
import { renderUnit, type RenderedUnit, type WantedUnits } from '../../units/unit.js';
import { keysChange } from './authorized-keys.js';
import { mergeDaemonConfig, type DaemonConfig } from './daemon-config.js';
import type { Repair } from './repair.js';

/** What zebu keeps as it should be inside the VM. */
export interface DesiredGuest {
  readonly user: string;
  /** Whose units are looked at. */
  readonly app: string;
  /** The keys that may log in, as lines; undefined when zebu.yml names none, then nobody's key is questioned. */
  readonly sshKeys: readonly string[] | undefined;
  readonly swapMb: number;
  readonly securityUpgrades: boolean;
  readonly containerLogMb: number;
  /** What the VM does by itself, rendered, and the packages for it. */
  readonly wanted: {
    readonly units: readonly RenderedUnit[];
    readonly names: readonly string[];
    readonly packages: readonly string[];
  };
}

/** @param wanted what the VM is to do by itself */
export function desiredGuest(
  { app, vm }: Pick<Config, 'app' | 'vm'>,
  sshKeys: readonly string[],
  { units, names, packages }: WantedUnits,
): DesiredGuest {
  const owner = { app: app.name, base: `${ZEBU_ROOT}/${app.name}`, user: vm.user };
  return {
    user: vm.user,
    app: app.name,
    sshKeys: vm.ssh_keys.length === 0 ? undefined : sshKeys,
    swapMb: vm.swap_mb,
    securityUpgrades: vm.security_upgrades,
    containerLogMb: vm.container_log_mb,
    wanted: { units: units.map((unit) => renderUnit(unit, owner)), names, packages },
  };
}

/** One thing that is not as it should be, and what would make it so. */
export interface GuestDrift extends Drift {
  readonly repair: Repair;
}

/** Something that cannot be had or seen in this guest. */
export interface Unavailable {
  readonly key: string;
  readonly why: string;
  /** Only tried when something else is repaired anyway, because a failing attempt takes long. */
  readonly attempt?: Repair;
}

export interface GuestVerdict {
  readonly drift: readonly GuestDrift[];
  readonly unavailable: readonly Unavailable[];
}

/** Keys only, for everybody; root not at all, unless root is the deploy user. */
const rootLogin = (user: string): string => (user === 'root' ? 'prohibit-password' : 'no');

type Finding = GuestDrift | Unavailable | undefined;

function sshd({ sshd_user: own, sshd_root: root }: ObservedGuest, desired: DesiredGuest): Finding {
  if (own.size === 0) return { key: 'guest.sshd', why: '`sshd -T` says nothing in this VM' };
  const loose = [own, root].flatMap((options) =>
    ['passwordauthentication', 'kbdinteractiveauthentication', 'challengeresponseauthentication'].filter(
      (name) => options.get(name) === 'yes',
    ),
  );
  const wanted = rootLogin(desired.user);
  // `sshd -T` prints the old name of the same thing.
  const said = root.get('permitrootlogin')?.replace('without-password', 'prohibit-password') ?? '';
  const problems = [...new Set(loose), ...(said === wanted || said === 'no' ? [] : [`permitrootlogin ${said}`])];
  if (problems.length === 0) return undefined;
  return {
    key: 'guest.sshd',
    wanted: `no passwords, root login ${wanted}`,
    found: problems.join(', '),
    change: 'now',
    repair: { kind: 'sshd', rootLogin: wanted },
  };
}

function passwords({ secret_user: own, secret_root: root }: ObservedGuest, desired: DesiredGuest): Finding {
  const users = [...(own === 'locked' ? [] : [desired.user]), ...(root === 'locked' ? [] : ['root'])];
  if (users.length === 0) return undefined;
  const found = `${[...new Set(users)].join(' and ')} can log in with a password`;
  return { key: 'guest.passwords', wanted: 'none', found, change: 'now', repair: { kind: 'passwords', users } };
}

function sshKeys(observed: ObservedGuest, desired: DesiredGuest): Finding {
  if (desired.sshKeys === undefined) return undefined;
  const { text, missing, extra } = keysChange(observed.keys, desired.sshKeys);
  if (missing.length + extra.length === 0) return undefined;
  const found = [
    ...(missing.length === 0 ? [] : [`without ${missing.join(', ')}`]),
    ...(extra.length === 0 ? [] : [`with ${extra.join(', ')} besides`]),
  ];
  return {
    key: 'guest.ssh_keys',
    wanted: `${desired.sshKeys.length} keys`,
    found: found.join(', '),
    change: 'now',
    repair: { kind: 'keys', text },
  };
}

/** Otherwise every change of address or name makes cloud-init renew the host keys, which then are not the pinned ones. */
export const CLOUD_INIT_SETTINGS = 'ssh_deletekeys: false\n';

function hostKeys({ cloud_init: found }: ObservedGuest): Finding {
  if (found === undefined || found === CLOUD_INIT_SETTINGS) return undefined;
  return {
    key: 'guest.host_keys',
    wanted: 'kept',
    found: 'renewed by cloud-init when its settings change',
    change: 'now',
    repair: { kind: 'host-keys' },
  };
}

function upgrades({ upgrades: state }: ObservedGuest, desired: DesiredGuest): Finding {
  const key = 'vm.security_upgrades';
  if (state === 'no-apt') return { key, why: 'the guest has no apt' };
  if (!desired.securityUpgrades) {
    return state === 'on'
      ? { key, wanted: 'false', found: 'true', change: 'now', repair: { kind: 'upgrades', on: false } }
      : undefined;
  }
  if (state === 'on') return undefined;
  if (state === 'unavailable')
    return {
      key,
      why: 'unattended-upgrades is not installed, and the guest reaches no mirror that has it',
      attempt: { kind: 'upgrades', on: true },
    };
  return { key, wanted: 'true', found: 'false', change: 'now', repair: { kind: 'upgrades', on: true } };
}

const daemonConfig = (observed: ObservedGuest, desired: DesiredGuest): DaemonConfig =>
  mergeDaemonConfig(observed.docker_config, {
    megabytes: desired.containerLogMb,
    swarm: observed.docker_swarm === 'yes',
  });

/** Without it containers are killed when Docker is upgraded or stops, and are not always started again. */
function liveRestore(observed: ObservedGuest, desired: DesiredGuest): Finding {
  const key = 'guest.live_restore';
  const { liveRestore: setting, text } = daemonConfig(observed, desired);
  if (setting.kind === 'right') return undefined;
  if (setting.kind === 'left') return { key, why: setting.why };
  const wanted = 'containers go on while Docker is away';
  return { key, wanted, found: setting.found, change: 'now', repair: { kind: 'docker-config', text } };
}

function containerLogs(observed: ObservedGuest, desired: DesiredGuest): Finding {
  const key = 'vm.container_log_mb';
  const wanted = String(desired.containerLogMb);
  const { logs, text } = daemonConfig(observed, desired);
  if (logs.kind === 'left') return { key, why: logs.why };
  if (logs.kind === 'differs') {
    return { key, wanted, found: logs.found, change: 'now', repair: { kind: 'docker-config', text } };
  }
  const { docker_config_time: written, docker_started: started } = observed;
  if (written === undefined || started === undefined || started >= written) return undefined;
  const found = `${wanted} once Docker starts again; ${DAEMON_JSON} is newer than its process`;
  return { key, wanted, found, change: 'restart', repair: { kind: 'docker' } };
}

const MIB_IN_KIB = 1024;

function swap(observed: ObservedGuest, desired: DesiredGuest): Finding {
  const key = 'vm.swap_mb';
  if (observed.kernel === 'shared') return { key, why: 'the guest shares the kernel and its swap with the host' };
  const own = Number(observed.swap.get(SWAP_FILE) ?? 0);
  const others = [...observed.swap]
    .filter(([name]) => name !== SWAP_FILE)
    .reduce((sum, [, kib]) => sum + Number(kib), 0);
  // A swap area is a page smaller than its file.
  const close = (kib: number): boolean => Math.abs(kib - desired.swapMb * MIB_IN_KIB) < MIB_IN_KIB;
  const kept = own === 0 || observed.swap_kept === 'yes';
  if (kept && (close(own) || (own === 0 && others >= (desired.swapMb - 1) * MIB_IN_KIB))) return undefined;
  const grows = desired.swapMb - own / MIB_IN_KIB;
  if (grows > observed.room_mb - 1024) {
    return { key, why: `the disk has ${observed.room_mb} MiB left, too little for ${desired.swapMb} MiB of swap` };
  }
  const found = `${Math.round((own + others) / MIB_IN_KIB)}${kept ? '' : ' until it starts again'}`;
  return { key, wanted: String(desired.swapMb), found, change: 'now', repair: { kind: 'swap', mb: desired.swapMb } };
}

const SECTOR = 512;
const MIB = 1024 ** 2;
const gib = (bytes: number): string => `${(bytes / 1024 ** 3).toFixed(1)} GiB`;
/** A file system keeps some of its partition for itself. */
const OVERHEAD = 0.9;

function rootSize(observed: ObservedGuest): Finding {
  const key = 'guest.root_size';
  const { disk_device: disk, part_device: part, fs_type: fsType, fs_bytes: fsBytes } = observed;
  if (observed.kernel === 'shared') return { key, why: 'the guest has no disk of its own' };
  if (disk === undefined || part === undefined || fsType === undefined || fsBytes === undefined)
    return { key, why: 'the root file system is not on a partition' };
  const diskBytes = (observed.disk_sectors ?? 0) * SECTOR;
  const end = ((observed.part_start ?? 0) + (observed.part_sectors ?? 0)) * SECTOR;
  const size = (observed.part_sectors ?? 0) * SECTOR;
  const partitionGrows = diskBytes - end > 64 * MIB;
  if (!partitionGrows && fsBytes >= size * OVERHEAD) return undefined;
  return {
    key,
    wanted: gib(diskBytes),
    found: gib(fsBytes),
    change: 'now',
    repair: { kind: 'grow', disk, partition: observed.disk_partition ?? 1, part, fsType },
  };
}

/** As they were written; who had them written is not asked. A program that was changed can only be written anew by that. */
function units({ units: files }: ObservedGuest): Finding {
  const off = [...files].filter(([, state]) => state !== 'ok');
  if (off.length === 0) return undefined;
  const found = off.map(([file, state]) => `${file} ${state}`).join(', ');
  const repair = { kind: 'units', files: off.map(([file]) => file) } as const;
  return { key: 'guest.units', wanted: 'as zebu wrote them', found, change: 'now', repair };
}

/** Units that zebu.yml asks for now; what is on record of them is another, or more. */
function wantedUnits({ unit_digests: found }: ObservedGuest, { wanted }: DesiredGuest): Finding {
  const change = unitsChange(wanted, found);
  if (change === undefined) return undefined;
  return {
    key: 'guest.wanted_units',
    wanted: wanted.units.length === 0 ? 'none' : wanted.units.map(({ name }) => name).join(', '),
    found: describeChange(change),
    change: 'now',
    repair: { kind: 'wanted-units', change },
  };
}

function packages({ packages_missing: names }: ObservedGuest, { wanted }: DesiredGuest): Finding {
  if (names.length === 0) return undefined;
  const found = `without ${names.join(', ')}`;
  return {
    key: 'guest.packages',
    wanted: wanted.packages.join(', '),
    found,
    change: 'now',
    repair: { kind: 'packages', names },
  };
}

/** Compares; nothing is asked and nothing changed. */
export function judgeGuest(observed: ObservedGuest, desired: DesiredGuest): GuestVerdict {
  const findings = [
    sshd(observed, desired),
    passwords(observed, desired),
    sshKeys(observed, desired),
    hostKeys(observed),
    upgrades(observed, desired),
    containerLogs(observed, desired),
    liveRestore(observed, desired),
    swap(observed, desired),
    rootSize(observed),
    units(observed),
    wantedUnits(observed, desired),
    packages(observed, desired),
  ].filter((finding) => finding !== undefined);
  const isDrift = (finding: GuestDrift | Unavailable): finding is GuestDrift => 'repair' in finding;
  return {
    drift: findings.filter(isDrift),
    unavailable: findings.filter((finding): finding is Unavailable => !isDrift(finding)),
  };
}
