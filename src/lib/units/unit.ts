import { createHash } from 'node:crypto';
import { variables } from '@zebu/kit';

/** What starts it. Seconds, a calendar of systemd, or a path below the app's folder that somebody puts there, of several any; its program takes it away. */
type UnitStart =
  { readonly calendar: string } | { readonly every: number } | { readonly path: string | readonly string[] };

/**
 * What its program may do, as a sandbox of systemd.
 * `fetch`: the network, and nothing of Docker. `docker`: the network and Docker's socket. `deploy`: what a deploy may that comes over
 * SSH, `sudo` and hooks of the app included, so there is no sandbox around it.
 */
type UnitRights = 'deploy' | 'docker' | 'fetch';

/** A program of zebu that the VM starts by itself, as data. */
export interface Unit {
  /** Lower-case letters and hyphens: `pull`. With the app's name it is that of the unit: `zebu-pull@shop`. */
  readonly name: string;
  /** A few words for `systemctl status`. */
  readonly summary: string;
  /** POSIX sh, which finds $app, $base and $user set; started in the app's folder as the deploy user. */
  readonly program: string;
  readonly start: UnitStart;
  /** Seconds after which it is ended. */
  readonly limit: number;
  readonly rights: UnitRights;
  /** Below the app's folder, what it may write in a sandbox. Made when missing. */
  readonly writes: readonly string[];
}

/** What the VM is to do by itself, as far as one who asks knows of it, and what it needs for that. */
export interface WantedUnits {
  readonly units: readonly Unit[];
  /** Names of all units he knows of: those that are not wanted are taken away. */
  readonly names: readonly string[];
  /** Debian's packages that they need. */
  readonly packages: readonly string[];
}

/** Whose unit it is. */
export interface UnitOwner {
  readonly app: string;
  /** The app's folder in the VM. */
  readonly base: string;
  /** The deploy user. */
  readonly user: string;
}

/** A file below /etc/systemd/system. */
interface UnitFile {
  readonly name: string;
  readonly text: string;
}

/** All that is written of a unit. */
export interface RenderedUnit {
  readonly name: string;
  /** The service, and the timer or path that starts it. */
  readonly files: readonly [service: UnitFile, trigger: UnitFile];
  /** Kept under its SHA-256, in hex, beside the record of the unit's files. */
  readonly program: { readonly text: string; readonly sum: string };
  readonly folders: readonly string[];
  /** SHA-256 of the files and the program, in hex. */
  readonly digest: string;
}

/** Where the record of an app's units and their programs are, below its folder. */
export const UNITS_FOLDER = 'units';

/**
 * Names of apps have no `@`, so no unit of one is ever taken for one of another.
 * @param name of the unit @param kind service, timer or path
 */
const unitFileName = (name: string, app: string, kind: string): string => `zebu-${name}@${app}.${kind}`;

type Section = Readonly<Record<string, number | string | readonly string[]>>;

const HARDENED: Section = {
  NoNewPrivileges: 'yes',
  CapabilityBoundingSet: '',
  AmbientCapabilities: '',
  ProtectSystem: 'strict',
  ProtectHome: 'read-only',
  PrivateTmp: 'yes',
  PrivateDevices: 'yes',
  ProtectClock: 'yes',
  ProtectControlGroups: 'yes',
  ProtectHostname: 'yes',
  ProtectKernelLogs: 'yes',
  ProtectKernelModules: 'yes',
  ProtectKernelTunables: 'yes',
  LockPersonality: 'yes',
  RestrictNamespaces: 'yes',
  RestrictRealtime: 'yes',
  RestrictSUIDSGID: 'yes',
  RestrictAddressFamilies: 'AF_UNIX AF_INET AF_INET6 AF_NETLINK',
  SystemCallArchitectures: 'native',
  SystemCallFilter: '@system-service',
  SystemCallErrorNumber: 'EPERM',
  TasksMax: 256,
};

/** What the group docker may is root's in all but name: here it is not there to be asked. */
const WITHOUT_DOCKER: Section = {
  ProtectHome: 'yes',
  ProtectProc: 'invisible',
  MemoryDenyWriteExecute: 'yes',
  InaccessiblePaths: '-/run/docker.sock -/run/containerd',
};

function sandbox({ rights, writes }: Unit, base: string): Section {
  if (rights === 'deploy') return {};
  const paths = writes.map((path) => `${base}/${path}`).join(' ');
  return { ...HARDENED, ...(rights === 'fetch' ? WITHOUT_DOCKER : {}), ReadWritePaths: paths };
}

/** A file as systemd reads it, marked with whose it is. */
function unitText(app: string, sections: Readonly<Record<string, Section>>): string {
  const parts = Object.entries(sections).map(([name, values]) =>
    [
      `[${name}]`,
      ...Object.entries(values).flatMap(([key, value]) => [value].flat().map((each) => `${key}=${each}`)),
      '',
    ].join('\n'),
  );
  return `# Written by zebu for the app ${app}; vm:diff tells when it is changed by hand.\n${parts.join('\n')}`;
}

function service(unit: Unit, { app, base, user }: UnitOwner): string {
  const program = `${base}/${UNITS_FOLDER}/${unit.name}`;
  return unitText(app, {
    Unit: {
      Description: `${unit.summary} of ${app} (zebu)`,
      Wants: 'network-online.target',
      After: `network-online.target${unit.rights === 'fetch' ? '' : ' docker.service'}`,
      ConditionPathExists: program,
      // Several things may happen within seconds; a limit would leave what starts it failed for good.
      StartLimitIntervalSec: 0,
    },
    Service: {
      Type: 'oneshot',
      User: user,
      WorkingDirectory: base,
      Environment: 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8',
      UMask: '0077',
      ExecStart: `/bin/sh ${program}`,
      TimeoutStartSec: unit.limit,
      TimeoutStopSec: 30,
      KillMode: 'mixed',
      // What happened is written down by the program; of every start systemd itself would say three lines.
      StandardOutput: 'null',
      StandardError: 'journal',
      LogLevelMax: 'notice',
      LogRateLimitIntervalSec: '1h',
      LogRateLimitBurst: 100,
      ...sandbox(unit, base),
    },
  });
}

/** Of the time between two starts, the part that is chance: several VMs of a host, or of a git server, do not ask at once. */
const JITTER = 0.1;

function timing(every: number): Section {
  const chance = Math.max(1, Math.round(every * JITTER));
  return {
    OnActiveSec: 1,
    OnBootSec: 20,
    OnUnitInactiveSec: Math.max(1, every - chance),
    RandomizedDelaySec: chance,
    AccuracySec: 1,
  };
}

function trigger({ name, start }: Unit, { app, base }: UnitOwner): UnitFile {
  const Unit = { Description: `Starts ${unitFileName(name, app, 'service')}` };
  if ('every' in start) {
    const sections = { Unit, Timer: timing(start.every), Install: { WantedBy: 'timers.target' } };
    return { name: unitFileName(name, app, 'timer'), text: unitText(app, sections) };
  }
  if ('calendar' in start) {
    // What was missed while the machine was off is made up for.
    const Timer = { OnCalendar: start.calendar, Persistent: 'yes', RandomizedDelaySec: 60, AccuracySec: 1 };
    const sections = { Unit, Timer, Install: { WantedBy: 'timers.target' } };
    return { name: unitFileName(name, app, 'timer'), text: unitText(app, sections) };
  }
  const PathExists = [start.path].flat().map((path) => `${base}/${path}`);
  const sections = { Unit, Path: { PathExists }, Install: { WantedBy: 'paths.target' } };
  return { name: unitFileName(name, app, 'path'), text: unitText(app, sections) };
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** The texts of a unit's files and its program; nothing is asked and nothing written. */
export function renderUnit(unit: Unit, owner: UnitOwner): RenderedUnit {
  const { name, program, writes } = unit;
  const { app, base, user } = owner;
  const text = variables({ app, base, user }) + program;
  const files = [
    { name: unitFileName(name, app, 'service'), text: service(unit, owner) },
    trigger(unit, owner),
  ] as const;
  return {
    name,
    files,
    program: { text, sum: sha256(text) },
    folders: writes,
    digest: sha256(files.map((file) => file.text).join('') + text),
  };
}
