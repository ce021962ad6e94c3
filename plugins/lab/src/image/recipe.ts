import { createHash } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Debian release of the guests: the first with Compose v2 as a package. */
export const SUITE = 'trixie';

/** Raise when the builder itself changes what it makes of the same packages and files. */
const BUILDER = 1;

/** What is in the image besides `minbase`. Recommends are left out, so what is needed is named. */
export const PACKAGES: readonly string[] = [
  'linux-image-cloud-amd64',
  ...['systemd', 'systemd-sysv', 'systemd-resolved', 'dbus', 'procps', 'iproute2', 'iptables', 'sudo'],
  ...['cloud-init', 'cloud-guest-utils', 'netcat-openbsd', 'qemu-guest-agent', 'openssh-server'],
  ...['docker.io', 'docker-cli', 'docker-buildx', 'docker-compose', 'crun', 'ca-certificates', 'git'],
  ...['busybox-static', 'curl', 'gpg', 'less'],
];

/** Size of the image's disk before anyone grows it. */
export const DISK_MIB = 2048;

/** Documentation and translations: a third of the bytes, and nothing reads them. */
const UNPACKED_WITHOUT: readonly string[] = [
  '/usr/share/doc/*',
  '/usr/share/man/*',
  '/usr/share/info/*',
  '/usr/share/locale/*',
  '/usr/share/lintian/*',
  '/usr/share/bash-completion/*',
];

/** Where the files that go into the image lie: beside `src` in the repository, beside `dist` in the package. */
export const GUEST_IMAGE_DIR = fileURLToPath(new URL('../../guest-image', import.meta.url));

/** Kernel command line for a direct boot: first partition of the first virtio disk, console on the serial port. */
export const CMDLINE = [
  'root=/dev/vda1 rw console=ttyS0 net.ifnames=0',
  'quiet loglevel=3 systemd.show_status=false',
  // Protections between processes of a guest that trusts all of them; emulated, each one is paid for at every switch.
  'mitigations=off apparmor=0 audit=0',
  // The emulated time stamp counter is steady; otherwise every reading of the clock leaves the guest.
  'tsc=reliable no_timer_check',
  'random.trust_cpu=on rcupdate.rcu_expedited=1',
  // QEMU finds what it has translated of a program by its addresses: at random ones Docker's programs are translated anew at each start.
  'norandmaps',
  'panic=-1',
].join(' ');

/**
 * The command that fills `root` with Debian from `mirror`. What it mounts there is seen by itself alone and goes with it:
 * where something inside still held /proc, mmdebstrap gave only a warning, and the tree was left with a mount in it.
 */
export function mmdebstrapArgv(root: string, mirrors: readonly string[]): string[] {
  return [
    ...['unshare', '--mount', '--propagation=private'],
    'mmdebstrap',
    '--mode=root',
    '--variant=minbase',
    '--format=directory',
    '--aptopt=Acquire::Languages "none"',
    ...UNPACKED_WITHOUT.map((glob) => `--dpkgopt=path-exclude=${glob}`),
    `--include=${PACKAGES.join(',')}`,
    SUITE,
    root,
    ...mirrors.map((mirror) => `deb ${mirror} ${SUITE} main`),
  ];
}

/**
 * Name of the cache entry: changes with the packages, the files put into the image, and the builder. The scripts for
 * namespace guests are read at each start and are no part of it.
 */
export async function recipeKey(directory = GUEST_IMAGE_DIR): Promise<string> {
  const hash = createHash('sha256');
  hash.update(JSON.stringify([BUILDER, SUITE, PACKAGES, DISK_MIB, UNPACKED_WITHOUT]));
  const entries = await readdir(directory, { recursive: true });
  for (const name of entries.sort()) {
    const file = join(directory, name);
    if (!name.startsWith('namespace/') && (await stat(file)).isFile())
      hash.update(JSON.stringify([name, await readFile(file, 'latin1')]));
  }
  return hash.digest('hex').slice(0, 16);
}
