import { access, chmod, copyFile, readdir, rm, stat } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

import { ZebuError } from '@zebu/kit';

import { run, succeeds } from '../guest/process.js';
import { step, type Log } from './steps.js';

interface HostPackage {
  readonly name: string;
  /** A file that proves it is installed. */
  readonly proof: string;
  readonly why: string;
}

/** What the lab runs on this machine. */
const HOST_PACKAGES: readonly HostPackage[] = [
  { name: 'mmdebstrap', proof: '/usr/bin/mmdebstrap', why: 'builds the guest image from Debian packages' },
  { name: 'qemu-system-x86', proof: '/usr/bin/qemu-system-x86_64', why: 'runs the guests' },
  { name: 'qemu-utils', proof: '/usr/bin/qemu-img', why: 'makes, copies and grows disks' },
  { name: 'dnsmasq-base', proof: '/usr/sbin/dnsmasq', why: 'gives the guests addresses (DHCP)' },
  { name: 'xorriso', proof: '/usr/bin/xorriso', why: 'writes the cloud-init drive' },
  { name: 'iproute2', proof: '/usr/bin/ip', why: 'makes the bridge and its ports' },
  { name: 'e2fsprogs', proof: '/usr/sbin/mke2fs', why: 'makes the root file system' },
  { name: 'xz-utils', proof: '/usr/bin/xz', why: 'unpacks kernel modules' },
  { name: 'openssh-client', proof: '/usr/bin/ssh', why: 'logs in to the guests' },
  { name: 'git', proof: '/usr/bin/git', why: 'holds what is deployed' },
  { name: 'openssl', proof: '/usr/bin/openssl', why: "makes the node's certificate" },
  { name: 'socat', proof: '/usr/bin/socat', why: 'reads the serial ports of the guests' },
  { name: 'openssh-server', proof: '/usr/sbin/sshd', why: "is the node's SSH host shell" },
];

/** How old the package lists may be before they are fetched again. */
const LISTS_MAX_AGE_MS = 24 * 3600 * 1000;

export interface HostPackagesOptions {
  /** Default: what the lab runs. */
  readonly packages?: readonly HostPackage[];
  readonly log: Log;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Installs what is missing with apt-get; does nothing and needs no root when nothing is.
 * @throws ZebuError LAB_UNSUPPORTED when it cannot (not root, no apt), LAB_FAILED when apt fails.
 */
export async function ensureHostPackages(options: HostPackagesOptions): Promise<void> {
  const missing = await missingPackages(options.packages);
  if (missing.length === 0) return;
  const names = missing.map((each) => each.name);
  for (const each of missing) options.log(`missing here: ${each.name}, which ${each.why}`);
  const hint = `Install them and try again: apt-get install ${names.join(' ')}`;
  if (process.getuid?.() !== 0)
    throw new ZebuError('LAB_UNSUPPORTED', 'The lab needs packages, and installing them needs root.', { hint });
  if (!(await exists('/usr/bin/apt-get')))
    throw new ZebuError('LAB_UNSUPPORTED', 'The lab needs packages, and this machine has no apt-get.', { hint });
  try {
    if (await listsAreStale()) await step(options.log, 'apt-get update', () => run(apt('update'), options));
    await step(options.log, `apt-get install ${names.join(' ')}`, () =>
      withoutStartingServices(() => install(names, options)),
    );
  } catch (error) {
    options.signal?.throwIfAborted();
    throw new ZebuError('LAB_FAILED', `Packages could not be installed: ${(error as Error).message}`, {
      hint,
      cause: error,
    });
  }
}

async function missingPackages(packages = HOST_PACKAGES): Promise<HostPackage[]> {
  const there = await Promise.all(packages.map((each) => exists(each.proof)));
  return packages.filter((_, i) => there[i] !== true);
}

/** apt-get that asks nothing and waits for another one that holds the lock. */
function apt(...args: string[]): string[] {
  return ['apt-get', '-q', '-y', '-o', 'DPkg::Lock::Timeout=600', '-o', 'APT::Install-Recommends=false', ...args];
}

async function install(names: readonly string[], options: HostPackagesOptions): Promise<void> {
  const env = { DEBIAN_FRONTEND: 'noninteractive' };
  const argv = apt('install', ...names);
  if (await succeeds(argv, { env, signal: options.signal })) return;
  // The lists were younger than a day and still named files the mirror no longer has.
  await run(apt('update'), { signal: options.signal });
  await run(argv, { env, signal: options.signal });
}

async function listsAreStale(): Promise<boolean> {
  const directory = '/var/lib/apt/lists';
  const lists = (await readdir(directory).catch(() => [])).filter((name) => name.includes('_Packages'));
  const times = await Promise.all(lists.map(async (name) => (await stat(`${directory}/${name}`)).mtimeMs));
  if (times.length === 0) return true;
  const fetched = (await stat(`${directory}/partial`).catch(() => undefined))?.mtimeMs ?? 0;
  return Date.now() - Math.max(fetched, ...times) > LISTS_MAX_AGE_MS;
}

/** Debian's own switch (policy-rc.d): packages bring services, such as sshd, that must not start on this machine. */
async function withoutStartingServices<T>(work: () => Promise<T>): Promise<T> {
  const policy = '/usr/sbin/policy-rc.d';
  if (await exists(policy)) return work(); // the owner of this machine has an own policy
  await copyFile(fileURLToPath(new URL('no-services.sh', import.meta.url)), policy);
  await chmod(policy, 0o755);
  try {
    return await work();
  } finally {
    await rm(policy, { force: true });
  }
}

async function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}
