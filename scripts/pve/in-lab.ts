/** The same suite against a lab, so that it stays runnable where there is no node. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LabReport } from '../../plugins/lab/src/instance/results.js';
import { cacheImage, fromScript, standInFor } from '../../test/support/community-script.js';
import { labTarget, type Target } from './target.js';

/** A lab as a target, with the stand-in for the community script. */
export function targetInLab(lab: LabReport): Target {
  cacheImage(lab);
  return labTarget(lab, (folder) => {
    standInFor(folder);
    return fromScript.script;
  });
}

/** @param pve as for `lab:up --pve` */
export async function withLab<Result>(
  pve: string,
  root: string,
  use: (target: Target) => Promise<Result>,
): Promise<Result> {
  const stateDir = mkdtempSync(join(tmpdir(), 'zebu-lab-acceptance-'));
  const zebu = (...argv: readonly string[]): string => {
    const flags = ['--name', 'acceptance', '--state-dir', stateDir];
    const words = [join(root, 'bin/run.js'), ...argv, ...flags];
    const { status, stdout } = spawnSync(process.execPath, words, {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    if (status !== 0) throw new Error(`zebu ${argv.join(' ')} ended with ${status ?? 'a signal'}: ${stdout}`);
    return stdout;
  };
  try {
    const up = zebu('lab:up', '--pve', pve, '--guests', 'namespace', '--json');
    return await use(targetInLab((JSON.parse(up) as { result: LabReport }).result));
  } finally {
    zebu('lab:down');
    rmSync(stateDir, { recursive: true, force: true });
  }
}
