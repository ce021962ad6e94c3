import * as z from 'zod';
import { DAEMON_JSON } from './check.js';

/** How one thing that Docker's configuration decides is. */
type Setting =
  | { readonly kind: 'differs'; readonly found: string }
  /** Somebody decided otherwise, or it cannot be read: it stays as it is. */
  | { readonly kind: 'left'; readonly why: string }
  | { readonly kind: 'right' };

export interface DaemonConfig {
  /** Limits on what containers may log. */
  readonly logs: Setting;
  /** Containers go on while Docker is away. */
  readonly liveRestore: Setting;
  /** The file as it should be; every other key stays. */
  readonly text: string;
}

const FILES = 3;

const daemonSchema = z.looseObject({
  'log-driver': z.string().optional(),
  'log-opts': z.record(z.string(), z.string()).optional(),
  'live-restore': z.boolean().optional(),
});

type Daemon = z.infer<typeof daemonSchema>;

const RIGHT: Setting = { kind: 'right' };

function judgeLogs(
  { 'log-driver': driver = 'json-file', 'log-opts': options = {} }: Daemon,
  wanted: Readonly<Record<string, string>>,
): Setting {
  if (driver !== 'json-file' && driver !== 'local') {
    return { kind: 'left', why: `${DAEMON_JSON} in the VM sends the output of containers to ${driver}` };
  }
  if (Object.entries(wanted).every(([name, value]) => options[name] === value)) return RIGHT;
  const { 'max-size': size, 'max-file': files = '1' } = options;
  return { kind: 'differs', found: size === undefined ? 'no limit' : `${files} files of ${size}` };
}

function judgeLiveRestore({ 'live-restore': live }: Daemon, swarm: boolean): Setting {
  if (live === true) return RIGHT;
  // Docker does not start with both.
  if (swarm) return { kind: 'left', why: 'Docker in the VM is in a swarm, which excludes live-restore' };
  return live === false
    ? { kind: 'left', why: `${DAEMON_JSON} in the VM says "live-restore": false` }
    : { kind: 'differs', found: 'containers stop when Docker does' };
}

function read(text: string): Daemon | undefined {
  try {
    return daemonSchema.safeParse(text.trim() === '' ? {} : JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

/** What Docker's configuration lacks. @param text '' when there is none */
export function mergeDaemonConfig(text: string, wish: { megabytes: number; swarm: boolean }): DaemonConfig {
  const daemon = read(text);
  if (daemon === undefined) {
    const left: Setting = { kind: 'left', why: `${DAEMON_JSON} in the VM is not what Docker reads` };
    return { logs: left, liveRestore: left, text };
  }
  const wanted = { 'max-size': `${Math.floor(wish.megabytes / FILES)}m`, 'max-file': String(FILES) };
  const logs = judgeLogs(daemon, wanted);
  const liveRestore = judgeLiveRestore(daemon, wish.swarm);
  const merged = {
    ...daemon,
    ...(logs.kind === 'differs' && { 'log-opts': { ...daemon['log-opts'], ...wanted } }),
    ...(liveRestore.kind === 'differs' && { 'live-restore': true }),
  };
  return { logs, liveRestore, text: `${JSON.stringify(merged, undefined, 2)}\n` };
}
