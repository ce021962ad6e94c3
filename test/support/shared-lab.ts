/** Brings up the labs of a run's tests, one for each worker, and takes them down after them. */
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import type { LabReport } from '../../plugins/lab/src/instance/results.js';
import { zebu, zebuJson, ROOT } from './cli.js';
import { LABS } from './labs-folder.js';

declare module 'vitest' {
  export interface ProvidedContext {
    /** See `theLab`. */
    labs: readonly LabReport[];
  }
}

type Down = () => Promise<void>;

/** ZEBU_TEST_LAB=<state folder> keeps the first one between runs, for whoever works on a test. */
async function bringUp(guests: 'namespace' | 'qemu', number: number): Promise<{ lab: LabReport; down: Down }> {
  const kept = number === 1 ? process.env['ZEBU_TEST_LAB'] || undefined : undefined;
  const stateDir = kept ?? (await mkdtemp(join(LABS, 'zebu-lab-')));
  const flags = ['--name', number === 1 ? 'test' : `test-${number}`, '--state-dir', stateDir];
  const lab = await zebuJson<LabReport>(['lab:up', ...flags, '--guests', guests, '--pvesh-start', '0'], {
    cwd: ROOT,
    timeoutMs: 900_000,
  });
  const down = async (): Promise<void> => {
    if (kept !== undefined) return;
    await zebu(['lab:down', ...flags], { cwd: ROOT });
    await rm(stateDir, { recursive: true, force: true });
  };
  return { lab, down };
}

async function labs(guests: 'namespace' | 'qemu', project: TestProject): Promise<Down> {
  // For the one file of a kind one is enough.
  const { testFiles } = await project.globTestFiles();
  const wanted = testFiles.length === 1 ? 1 : project.config.maxWorkers;
  // The first one sees to the packages and the image.
  const first = await bringUp(guests, 1);
  const numbers = Array.from({ length: wanted - 1 }, (_, index) => index + 2);
  const all = [first, ...(await Promise.all(numbers.map((number) => bringUp(guests, number))))];
  project.provide(
    'labs',
    all.map(({ lab }) => lab),
  );
  return async () => {
    await Promise.all(all.map(({ down }) => down()));
  };
}

export const namespaceLab = (project: TestProject): Promise<Down> => labs('namespace', project);
export const qemuLab = (project: TestProject): Promise<Down> => labs('qemu', project);
