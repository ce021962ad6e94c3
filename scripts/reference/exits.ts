/**
 * The exit statuses each command can end with. Which class of errors a command can meet follows from what it works on:
 * the configuration, Proxmox and the VM, something that goes on without us, the verdict of a deploy.
 */
import type { ManifestCommand } from './commands.js';

export const STATUSES: ReadonlyMap<number, string> = new Map([
  [0, 'done'],
  [1, 'a defect of zebu'],
  [2, 'the command line is wrong, or a confirmation is missing'],
  [3, 'the configuration is wrong'],
  [
    4,
    'Proxmox, the VM or another service cannot be reached, or does not accept who we are, or is not who it should be',
  ],
  [5, 'Proxmox refused the request, or its task failed'],
  [6, 'refused by a precondition; nothing was changed'],
  [7, 'it did not become healthy; what was before is restored and verified'],
  [8, 'the app is not healthy'],
  [9, 'the outcome is unknown, or the work still runs in the VM or on the node'],
  [130, 'interrupted before anything was changed'],
]);

/** Commands that need nothing but this machine, and what they can end with besides 0, 1, 2, 130. */
const LOCAL: Readonly<Record<string, readonly number[]>> = {
  'ci:init': [3, 6],
  completion: [],
  'config:schema': [],
  'config:show': [3],
  init: [3],
  'lab:down': [6],
  'lab:status': [6],
  'lab:up': [6],
  'plugin:new': [],
  plugins: [],
  'plugins:inspect': [6],
  'plugins:install': [4, 6],
  'plugins:link': [4, 6],
  'plugins:reset': [4, 6],
  'plugins:uninstall': [4, 6],
  'plugins:update': [4, 6],
  providers: [],
  support: [6],
};

const REMOTE_TOPICS: ReadonlySet<string> = new Set(['app', 'vm', 'secrets', 'doctor']);

/** They start something that can outlast them: a task of Proxmox, a run in the VM. */
const OUTLASTED: readonly RegExp[] = [
  /^vm:(create|apply|destroy|start|stop|restart|resize|migrate|exec)$/,
  /^vm:snapshot:(create|delete|rollback)$/,
  /^vm:backup:(create|restore)$/,
  /^app:(prune|recover)$/,
];

/** They end with the verdict of a transaction in the VM. */
const VERDICT: ReadonlySet<string> = new Set([
  'app:deploy',
  'app:follow',
  'app:rollback',
  'secrets:rollback',
  'secrets:rotate',
  'secrets:sync',
]);

/** They wait until the services are healthy, without a release to go back to. */
const HEALTH: ReadonlySet<string> = new Set(['app:start', 'app:stop', 'app:restart', 'app:recover']);

/** What the numbers do not say. */
export const EXIT_NOTES: Readonly<Record<string, string>> = {
  'app:exec': 'Otherwise that of the command.',
  'app:run': 'Otherwise that of the command.',
  'vm:exec': 'Otherwise that of the command.',
  'vm:ssh': 'Otherwise that of ssh, which is that of the command.',
  'vm:diff': 'With --exit-code also 6 when something differs.',
  doctor: 'When a check failed, the status of the first failure’s class.',
  support: '0 also when the host cannot be reached or the configuration is wrong: the file says so.',
};

/** They report a configuration that is wrong instead of ending with it. */
const REPORTING: ReadonlySet<string> = new Set(['support']);

/** Commands that are named above in full; a test holds them to those that there are. */
export const NAMED: readonly string[] = [...Object.keys(LOCAL), ...VERDICT, ...HEALTH, ...Object.keys(EXIT_NOTES)];

/** Ascending; undefined for a command that nothing is known about. */
export function exitsOf({ id, flags }: Pick<ManifestCommand, 'id' | 'flags'>): readonly number[] | undefined {
  const always = [0, 1, 2, 130];
  const local = LOCAL[id];
  const topic = id.split(':', 1)[0] ?? '';
  if (local === undefined && !REMOTE_TOPICS.has(topic)) return undefined;
  const found = new Set([...always, ...(local ?? [4, 5, 6]), ...('config' in flags && !REPORTING.has(id) ? [3] : [])]);
  if (OUTLASTED.some((pattern) => pattern.test(id))) found.add(9);
  if (VERDICT.has(id)) for (const status of [7, 8, 9]) found.add(status);
  if (HEALTH.has(id)) found.add(8);
  return [...found].toSorted((a, b) => a - b);
}
