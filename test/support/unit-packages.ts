import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureHostPackages } from '../../plugins/lab/src/image/host-packages.js';
import PACKAGES from './host-packages.json' with { type: 'json' };
import { busyboxFault } from './shells.js';

/**
 * What unit tests need of this machine, so that none is left out: installs it, or says in one line what is missing. Where nobody has made
 * a folder for the run (scripts/test.ts) they have one, too: a worker is killed rather than ended, and takes nothing away.
 */
export default async function unitPackages(): Promise<(() => void) | undefined> {
  const packages = PACKAGES.filter(({ name }) => name !== 'busybox' || process.env['ZEBU_TEST_BUSYBOX'] === undefined);
  try {
    await ensureHostPackages({ packages, who: 'Unit tests need', log: (line) => console.error(`==> ${line}`) });
    const fault = busyboxFault();
    if (fault !== undefined) throw new Error(fault);
  } catch (error) {
    const { message, hint } = error as Error & { readonly hint?: string };
    const line = hint === undefined ? message : `${message} ${hint}`;
    // A person needs the line, and no stack.
    throw Object.assign(new Error(line), { stack: line });
  }
  if ((process.env['ZEBU_TEST_RUN'] ?? '') !== '') return undefined;
  const folder = mkdtempSync(join(tmpdir(), 'zebu-run-'));
  process.env['ZEBU_TEST_RUN'] = folder;
  return () => rmSync(folder, { recursive: true, force: true });
}
