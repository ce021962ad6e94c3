/** Brings up one lab for all integration tests of a run, and takes it down after them. */
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import type { LabReport } from '../../plugins/lab/src/instance/results.js';
import { zebu, zebuJson, ROOT } from './cli.js';
import { LABS } from './labs-folder.js';

declare module 'vitest' {
  export interface ProvidedContext {
    lab: LabReport;
  }
}

/** ZEBU_TEST_LAB=<state folder> keeps the lab between runs, for whoever works on a test. */
async function sharedLab(guests: 'namespace' | 'qemu', project: TestProject): Promise<() => Promise<void>> {
  const kept = process.env['ZEBU_TEST_LAB'] || undefined;
  const stateDir = kept ?? (await mkdtemp(join(LABS, 'zebu-lab-')));
  const flags = ['--name', 'test', '--state-dir', stateDir];
  const lab = await zebuJson<LabReport>(['lab:up', ...flags, '--guests', guests, '--pvesh-start', '0'], {
    cwd: ROOT,
    timeoutMs: 900_000,
  });
  project.provide('lab', lab);
  if (kept !== undefined) return async () => {};
  return async () => {
    await zebu(['lab:down', ...flags], { cwd: ROOT });
    await rm(stateDir, { recursive: true, force: true });
  };
}

export const namespaceLab = (project: TestProject): Promise<() => Promise<void>> => sharedLab('namespace', project);
export const qemuLab = (project: TestProject): Promise<() => Promise<void>> => sharedLab('qemu', project);
