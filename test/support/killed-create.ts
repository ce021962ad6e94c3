/** vm:create that is killed with SIGKILL, in one phase after the other. */
import { expect } from 'vitest';
import type { LabReport } from '../../plugins/lab/src/instance/results.js';
import { killZebu } from './cli.js';
import { leftOnHost } from './community-script.js';
import { fault } from './lab-control.js';
import type { Project } from './project.js';

/** What a run prints when it enters a phase; the end of one is the beginning of the next. */
export const READY = [
  '- See to its firewall',
  '- See to its tags',
  '- Start it',
  '- Boot until',
  '- Find its address',
  '- Log in as',
  '- See to SSH',
  '- Prove Docker',
];

/**
 * Starts vm:create again and again, and kills it with SIGKILL the moment it enters a phase it was not killed in yet.
 * @returns the phases in which it was killed
 */
export async function killEverywhere(project: Project, phases: readonly string[]): Promise<readonly string[]> {
  const killed: string[] = [];
  for (let left = phases; left.length > 0;) {
    const phase = await killZebu(['vm:create'], { cwd: project.folder, env: project.env }, left);
    if (phase === undefined) break;
    killed.push(phase);
    left = left.slice(left.indexOf(phase) + 1);
  }
  return killed;
}

interface Created {
  readonly vmid: number;
  readonly ip: string;
  readonly docker: string;
  readonly drift: readonly unknown[];
}

/** The next run makes it one healthy VM, and of the others nothing is left beside images that were there. */
export async function oneHealthyVm(lab: LabReport, project: Project, images: readonly string[]): Promise<void> {
  const created = await project.json<Created>(['vm:create']);
  expect(created).toMatchObject({ drift: [], docker: expect.stringMatching(/^\d+\./) as string });
  const left = leftOnHost(lab).filter((name) => !images.includes(name));
  expect(left).toEqual([`images/${created.vmid}`]);
}

/** With a VM from a cloud image, in every phase. */
export async function killedWhileMaking(lab: LabReport, project: Project): Promise<void> {
  const images = leftOnHost(lab);
  // The image may be on the node already, from another test.
  const sometimes = ['- Download', '- Check the sha256'];
  const phases = [...sometimes, '- Create VM', '- Import the disk', '- Grow the disk', ...READY];
  const killed = await killEverywhere(project, phases);
  expect(killed.filter((phase) => !sometimes.includes(phase))).toEqual(
    phases.filter((phase) => !sometimes.includes(phase)),
  );
  await oneHealthyVm(lab, project, images);
}

/** When two things were going on. */
export async function killedInTwo(lab: LabReport, project: Project): Promise<void> {
  const images = leftOnHost(lab);
  await fault(lab, { kind: 'delay-task', task: 'qmconfig', ms: 4000 });
  const command = { cwd: project.folder, env: project.env };
  // The disk is being imported, and the rules of the firewall were just looked at.
  expect(await killZebu(['vm:create', '--debug'], command, ['/firewall/rules ok'])).toBeDefined();
  await oneHealthyVm(lab, project, images);
}
