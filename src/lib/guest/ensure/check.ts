import { sh, ZebuError } from '@zebu/kit';
import * as z from 'zod';
import { parseFacts } from '../prove.js';

/** The swap file zebu makes; others are not touched. */
export const SWAP_FILE = '/zebu.swap';
/** First of all drop-ins: sshd takes the first value it meets, and cloud images allow passwords in 50-cloud-init.conf. */
export const SSHD_DROP_IN = '/etc/ssh/sshd_config.d/00-zebu.conf';
export const CLOUD_INIT_DROP_IN = '/etc/cloud/cloud.cfg.d/99-zebu.cfg';
export const DAEMON_JSON = '/etc/docker/daemon.json';

/**
 * Shell functions that look at what zebu keeps as it should be, and print it as `key=value` lines. Nothing is changed.
 * Run as root. The kernel's own process namespace has a fixed number: in another one this is a container, whose swap and
 * disks are not its own.
 */
export function checkFunctions(user: string): string {
  return sh`
PATH=/usr/sbin:/sbin:/usr/bin:/bin
export PATH LC_ALL=C
say() { printf '%s=%s\n' "$1" "$2"; }
secret_of() {
  case $(getent shadow "$1" | cut -d: -f2) in '') echo empty ;; '!'* | '*'*) echo locked ;; *) echo set ;; esac
}
sshd_of() {
  sshd -T -C "user=$1,host=zebu,addr=192.0.2.1,laddr=192.0.2.2,lport=22" 2>/dev/null |
    awk '$1=="passwordauthentication"||$1=="kbdinteractiveauthentication"||$1=="challengeresponseauthentication"||$1=="permitrootlogin"{print $1","$2}' |
    tr '\n' ' '
}
check_disk() {
  source=$(findmnt -no SOURCE / 2>/dev/null)
  case $source in /dev/*) ;; *) return ;; esac
  part=$(lsblk -dno KNAME "$source" 2>/dev/null) disk=$(lsblk -dno PKNAME "$source" 2>/dev/null)
  [ -n "$part" ] && [ -n "$disk" ] && [ -r "/sys/class/block/$part/partition" ] || return
  say disk_partition "$(cat "/sys/class/block/$part/partition")"
  say disk_device "/dev/$disk"
  say disk_sectors "$(cat "/sys/class/block/$disk/size")"
  say part_device "/dev/$part"
  say part_start "$(cat "/sys/class/block/$part/start")"
  say part_sectors "$(cat "/sys/class/block/$part/size")"
  say fs_type "$(findmnt -no FSTYPE /)"
  say fs_bytes "$(df -B1 --output=size / | tail -n 1 | tr -d ' ')"
}
check_upgrades() {
  command -v apt-get >/dev/null || { say upgrades no-apt; return; }
  if ! dpkg-query -W -f '$''{Status}' unattended-upgrades 2>/dev/null | grep -q 'ok installed'; then
    candidate=$(apt-cache policy unattended-upgrades 2>/dev/null | sed -n 's/^ *Candidate: //p')
    case $candidate in '' | '(none)') say upgrades unavailable ;; *) say upgrades missing ;; esac
    return
  fi
  U= L=
  eval "$(apt-config shell U APT::Periodic::Unattended-Upgrade L APT::Periodic::Update-Package-Lists)"
  state=on
  case $U in '' | 0) state=off ;; esac
  case $L in '' | 0) state=off ;; esac
  if [ -d /run/systemd/system ]; then
    systemctl is-enabled --quiet apt-daily.timer apt-daily-upgrade.timer 2>/dev/null || state=off
  else say upgrades_timer none
  fi
  say upgrades "$state"
}
check() {
  user=${user}
  say checked 1
  [ "$(readlink /proc/self/ns/pid)" = 'pid:[4026531836]' ] && say kernel own || say kernel shared
  [ -d /run/systemd/system ] && say init systemd || say init other
  say sshd_user "$(sshd_of "$user")"
  say sshd_root "$(sshd_of root)"
  say secret_user "$(secret_of "$user")"
  say secret_root "$(secret_of root)"
  home=$(getent passwd "$user" | cut -d: -f6)
  say keys "$(base64 -w0 "$home/.ssh/authorized_keys" 2>/dev/null)"
  command -v cloud-init >/dev/null && say cloud_init "$(base64 -w0 ${CLOUD_INIT_DROP_IN} 2>/dev/null)"
  check_upgrades
  say docker_config "$(base64 -w0 ${DAEMON_JSON} 2>/dev/null)"
  say docker_config_time "$(stat -c %Y ${DAEMON_JSON} 2>/dev/null)"
  # What swarmkit keeps is there from "docker swarm init" on, until the node leaves.
  [ -e /var/lib/docker/swarm/docker-state.json ] && say docker_swarm yes
  say docker_started "$(stat -c %Y /run/docker.pid 2>/dev/null)"
  say swap "$(awk 'NR>1{print $1","$3}' /proc/swaps | tr '\n' ' ')"
  say swap_kept "$(awk '$1==f&&$3=="swap"{print "yes"}' f=${SWAP_FILE} /etc/fstab 2>/dev/null)"
  say room_mb "$(df -Pm / | awk 'NR==2{print $4}')"
  check_disk
}
`;
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
