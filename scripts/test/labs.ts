import { spawnSync } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const zebu = fileURLToPath(new URL('../../bin/run.js', import.meta.url));

/**
 * Takes down what labs of a run are still up, as they are when it was interrupted.
 * @param folder in which the tests of the run made their state folders
 * @returns how many there were
 */
export function takeDownLabs(folder: string): number {
  const labs = globSync('*/lab.json', { cwd: folder });
  for (const path of labs) {
    const stateDir = join(folder, dirname(path));
    const { name } = JSON.parse(readFileSync(join(stateDir, 'lab.json'), 'utf8')) as { name: string };
    spawnSync(process.execPath, [zebu, 'lab:down', '--name', name, '--state-dir', stateDir], { timeout: 120_000 });
  }
  return labs.length;
}
