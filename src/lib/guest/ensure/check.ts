import { variables, ZebuError } from '@zebu/kit';
import * as z from 'zod';
import { installFunctions, unitFunctions } from '../../units/scripts.js';
import { unitFileState } from '../../units/seen.js';
import { parseFacts } from '../facts.js';
import { ZEBU_ROOT } from '../zebu-root.js';
import PACKAGES from '../packages.sh';
import CHECK from './check.sh';

/** The swap file zebu makes; others are not touched. */
export const SWAP_FILE = '/zebu.swap';
/** First of all drop-ins: sshd takes the first value it meets, and cloud images allow passwords in 50-cloud-init.conf. */
const SSHD_DROP_IN = '/etc/ssh/sshd_config.d/00-zebu.conf';
export const CLOUD_INIT_DROP_IN = '/etc/cloud/cloud.cfg.d/99-zebu.cfg';
export const DAEMON_JSON = '/etc/docker/daemon.json';
const UPGRADES_CONF = '/etc/apt/apt.conf.d/99zebu-upgrades';

/** Shell: defines `check`, and sets what repairs find set, too. @param packages of Debian's, that have to be there */
export function checkFunctions(user: string, app: string, packages: readonly string[] = []): string {
  const base = `${ZEBU_ROOT}/${app}`;
  return (
    unitFunctions({ app, base }) +
    installFunctions({ base, user }) +
    PACKAGES +
    variables({
      user,
      packages: packages.join(' '),
      cloud_init_drop_in: CLOUD_INIT_DROP_IN,
      daemon_json: DAEMON_JSON,
      docker_pid: '/run/docker.pid',
      sshd_config: '/etc/ssh/sshd_config',
      sshd_drop_in: SSHD_DROP_IN,
      swap_file: SWAP_FILE,
      upgrades_conf: UPGRADES_CONF,
    }) +
    CHECK
  );
}

const number = z.coerce.number().int().nonnegative();
const text = z.string().default('');
const decoded = text.transform((value) => Buffer.from(value, 'base64').toString('utf8'));
const maybe = z.union([z.literal('').transform(() => undefined), number]).optional();
const secret = z.enum(['empty', 'locked', 'set']);
const settings = text.transform(
  (value) =>
    new Map(
      value
        .trim()
        .split(' ')
        .filter((pair) => pair !== '')
        .map((pair) => [pair.slice(0, pair.indexOf(',')), pair.slice(pair.indexOf(',') + 1)] as const),
    ),
);

const observedSchema = z.object({
  kernel: z.enum(['own', 'shared']),
  init: z.enum(['other', 'systemd']),
  /** What `sshd -T` says, by option in lower case. */
  sshd_user: settings,
  sshd_root: settings,
  secret_user: secret,
  secret_root: secret,
  /** The whole authorized_keys. */
  keys: decoded,
  /** Our drop-in; undefined without cloud-init. */
  cloud_init: z
    .string()
    .transform((value) => Buffer.from(value, 'base64').toString('utf8'))
    .optional(),
  upgrades: z.enum(['missing', 'no-apt', 'off', 'on', 'unavailable']),
  docker_config: decoded,
  /** Unix times in seconds. */
  docker_config_time: maybe,
  docker_started: maybe,
  docker_swarm: text,
  /** Device and KiB of each. */
  swap: settings,
  swap_kept: text,
  /** File of a unit of the app → how it is. */
  units: settings.pipe(z.map(z.string(), unitFileState)),
  /** Unit → digest of it, as of a RenderedUnit. */
  unit_digests: settings,
  packages_missing: text.transform((value) => value.split(' ').filter((name) => name !== '')),
  room_mb: number,
  disk_device: z.string().optional(),
  disk_partition: number.optional(),
  disk_sectors: number.optional(),
  part_device: z.string().optional(),
  part_start: number.optional(),
  part_sectors: number.optional(),
  fs_type: z.string().optional(),
  fs_bytes: number.optional(),
});

export type ObservedGuest = z.infer<typeof observedSchema>;

/** @throws VM_NOT_READY when the script could not look */
export function parseObserved(stdout: string): ObservedGuest {
  const facts = parseFacts(stdout);
  const parsed = observedSchema.safeParse(Object.fromEntries(facts));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new ZebuError(
    'VM_NOT_READY',
    `The VM could not be looked at: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`,
    { hint: 'zebu knows Debian and Ubuntu guests. The same command with --debug shows what the VM said.' },
  );
}
