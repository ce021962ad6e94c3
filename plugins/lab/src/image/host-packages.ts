import { access } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

import { ZebuError } from '@zebu/kit';

import { run } from '../guest/process.js';
import HOST_PACKAGES from './host-packages.json' with { type: 'json' };
import { step, type Log } from './steps.js';

interface HostPackage {
  readonly name: string;
  /** A file that proves it is installed. */
  readonly proof: string;
  readonly why: string;
}

/** `npm run demo` on a bare machine runs it as well, before there is anything to import. */
const INSTALLER = fileURLToPath(new URL('install-packages.sh', import.meta.url));

export interface HostPackagesOptions {
  /** Default: what the lab runs. */
  readonly packages?: readonly HostPackage[];
  /** How a refusal begins. Default: `The lab needs`. */
  readonly who?: string;
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
  const needs = `${options.who ?? 'The lab needs'} packages (${names.join(', ')})`;
  const hint = `Install them and try again: apt-get install ${names.join(' ')}`;
  if (process.getuid?.() !== 0)
    throw new ZebuError('LAB_UNSUPPORTED', `${needs}, and installing them needs root.`, { hint });
  if (!(await exists('/usr/bin/apt-get')))
    throw new ZebuError('LAB_UNSUPPORTED', `${needs}, and this machine has no apt-get.`, { hint });
  try {
    await step(options.log, `apt-get install ${names.join(' ')}`, () =>
      run(['sh', INSTALLER, ...names], { signal: options.signal }),
    );
  } catch (error) {
    options.signal?.throwIfAborted();
    throw new ZebuError('LAB_FAILED', `Packages could not be installed: ${(error as Error).message}`, {
      hint,
      cause: error,
    });
  }
}

async function missingPackages(packages: readonly HostPackage[] = HOST_PACKAGES): Promise<HostPackage[]> {
  const there = await Promise.all(packages.map((each) => exists(each.proof)));
  return packages.filter((_, i) => there[i] !== true);
}

async function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}
