import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { LabReport } from '../../plugins/lab/src/instance/results.js';
import { ROOT, zebu, zebuJson } from './cli.js';
import { LABS } from './labs-folder.js';

/** A lab for tests that need one to themselves: an empty node, or one to break. */
export interface OwnLab {
  readonly report: LabReport;
  /** `--name` and `--state-dir` of its commands. */
  readonly flags: readonly string[];
  up(...flags: readonly string[]): Promise<LabReport>;
  down(): Promise<void>;
}

/** The fast ones, unless it is said otherwise. */
const withGuests = (flags: readonly string[]): readonly string[] =>
  flags.includes('--guests') ? flags : ['--guests', 'namespace', ...flags];

export const ownLab = (name: string, ...upFlags: readonly string[]): Promise<OwnLab> =>
  labIn(mkdtempSync(join(LABS, `zebu-lab-${name}-`)), name, upFlags);

/**
 * On a disk, also where a run of tests writes into memory: only there a guest has file systems on a device, of which its agent tells.
 * The run finds it by a link, to take it down where it was left.
 */
export async function ownLabOnDisk(name: string, ...upFlags: readonly string[]): Promise<OwnLab> {
  const stateDir = mkdtempSync(join('/var/tmp', `zebu-lab-${name}-`));
  const link = join(LABS, `on-disk-${basename(stateDir)}`);
  symlinkSync(stateDir, link);
  const lab = await labIn(stateDir, name, upFlags);
  return {
    ...lab,
    down: async () => {
      await lab.down();
      rmSync(link);
    },
  };
}

async function labIn(stateDir: string, name: string, upFlags: readonly string[]): Promise<OwnLab> {
  const flags = ['--name', name, '--state-dir', stateDir];
  const up = (...more: readonly string[]): Promise<LabReport> =>
    zebuJson<LabReport>(['lab:up', ...flags, '--pvesh-start', '0', ...withGuests(more)], {
      cwd: ROOT,
      timeoutMs: 900_000,
    });
  return {
    report: await up(...upFlags),
    flags,
    up,
    down: async () => {
      await zebu(['lab:down', ...flags], { cwd: ROOT });
      rmSync(stateDir, { recursive: true, force: true });
    },
  };
}
