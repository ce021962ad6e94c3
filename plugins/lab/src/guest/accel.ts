import { constants } from 'node:fs';
import { access, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { DirectBoot } from './backend.js';
import { run } from './process.js';
import type { Accel } from './qemu-argv.js';

export interface AccelOptions {
  /** Where the answer is kept until the machine is booted again. */
  readonly cacheDir: string;
  /** The lab's own kernel and initrd, which answer `lab.probe`. */
  readonly boot: Pick<DirectBoot, 'initrd' | 'kernel'>;
  readonly log: (line: string) => void;
  readonly signal?: AbortSignal | undefined;
}

/** With KVM the probe takes a second or two; a kernel that got stuck is given this long. */
const PROBE_MS = 15_000;

/** Boots a kernel without a disk until its initrd says so and powers off. */
function probeArgv(boot: AccelOptions['boot']): string[] {
  return [
    'qemu-system-x86_64',
    ...['-machine', 'pc', '-accel', 'kvm', '-cpu', 'host', '-m', '256M'],
    ...['-no-user-config', '-nodefaults', '-display', 'none', '-no-reboot', '-serial', 'stdio'],
    ...['-kernel', boot.kernel, '-initrd', boot.initrd],
    ...['-append', 'console=ttyS0 quiet panic=-1 lab.probe'],
  ];
}

/**
 * Whether guests run on this machine's processor (KVM) or on an emulated one (TCG). Tried, not guessed: there are machines
 * whose /dev/kvm opens and whose guests then never get past their first instructions.
 */
export async function detectAccel(options: AccelOptions): Promise<Accel> {
  const bootId = (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();
  const file = join(options.cacheDir, 'accel.json');
  const known = await readAnswer(file);
  if (known?.bootId === bootId) return known.accel;
  const accel = (await kvmWorks(options)) ? 'kvm' : 'tcg';
  options.log(
    accel === 'kvm'
      ? 'guests run with KVM'
      : 'KVM does not run a kernel here: guests are emulated (TCG), which is slower',
  );
  await mkdir(options.cacheDir, { recursive: true });
  await writeFile(`${file}.part`, JSON.stringify({ bootId, accel }));
  await rename(`${file}.part`, file);
  return accel;
}

async function kvmWorks(options: AccelOptions): Promise<boolean> {
  try {
    await access('/dev/kvm', constants.R_OK | constants.W_OK);
  } catch {
    return false;
  }
  const timeout = AbortSignal.timeout(PROBE_MS);
  const signal = options.signal === undefined ? timeout : AbortSignal.any([timeout, options.signal]);
  try {
    return (await run(probeArgv(options.boot), { signal })).includes('lab probe: ok');
  } catch {
    options.signal?.throwIfAborted();
    return false;
  }
}

async function readAnswer(file: string): Promise<{ bootId: string; accel: Accel } | undefined> {
  try {
    const { bootId, accel } = JSON.parse(await readFile(file, 'utf8')) as { bootId: string; accel: unknown };
    return accel === 'kvm' || accel === 'tcg' ? { bootId, accel } : undefined;
  } catch {
    return undefined;
  }
}
