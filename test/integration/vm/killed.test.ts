import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { theLab } from '../../support/lab.js';
import { cacheImage, fromScript, leftOnHost, standIn } from '../../support/community-script.js';
import { fault } from '../../support/lab-control.js';
import { makeProject, type Project } from '../../support/project.js';
import { killZebu } from '../../support/cli.js';

const lab = theLab();

/** What a run prints when it enters a phase; the end of one is the beginning of the next. */
const READY = [
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
async function killEverywhere(project: Project, phases: readonly string[]): Promise<readonly string[]> {
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

/** An idle machine needs a minute for each; a busy one must not make them fail. */
describe('zebu killed in each phase of vm:create and run again', { timeout: 1_200_000 }, () => {
  let project: Project;
  let images: readonly string[];

  beforeAll(() => cacheImage(lab));
  afterEach(async () => {
    await project.zebu(['vm:destroy', '--yes']);
    project.remove();
  });

  async function oneHealthyVm(): Promise<void> {
    const created = await project.json<Created>(['vm:create']);
    expect(created).toMatchObject({ drift: [], docker: expect.stringMatching(/^\d+\./) as string });
    const left = leftOnHost(lab).filter((name) => !images.includes(name));
    expect(left).toEqual([`images/${created.vmid}`]);
  }

  it.each(['ssh', 'api'] as const)('ends with one healthy VM from a cloud image over %s', async (transport) => {
    project = makeProject({ lab, app: `killed-${transport}`, transport });
    images = leftOnHost(lab);
    // The image may be on the node already, from another test.
    const sometimes = ['- Download', '- Check the sha256'];
    const phases = [...sometimes, '- Create VM', '- Import the disk', '- Grow the disk', ...READY];
    const killed = await killEverywhere(project, phases);
    expect(killed.filter((phase) => !sometimes.includes(phase))).toEqual(
      phases.filter((phase) => !sometimes.includes(phase)),
    );
    await oneHealthyVm();
  });

  it.each(['ssh', 'api'] as const)(
    'ends with one healthy VM when two things were going on, over %s',
    async (transport) => {
      project = makeProject({ lab, app: `killed-twice-${transport}`, transport });
      images = leftOnHost(lab);
      await fault(lab, { kind: 'delay-task', task: 'qmconfig', ms: 4000 });
      const command = { cwd: project.folder, env: project.env };
      // The disk is being imported, and the rules of the firewall were just looked at.
      expect(await killZebu(['vm:create', '--debug'], command, ['/firewall/rules ok'])).toBeDefined();
      await oneHealthyVm();
    },
  );

  it('ends with one healthy VM from the community script', async () => {
    project = makeProject({
      lab,
      app: 'killed-script',
      config: { vm: fromScript },
    });
    standIn(project, { script: (text) => text.replace('sleep 0 #:image', 'sleep 2') });
    images = leftOnHost(lab);
    const phases = [
      '- Make VM',
      '| Image:',
      '| Using cached image',
      '| Created VM shell',
      '| Cloud-Init configured',
      '- Make it ours',
      '- Grow the disk',
      ...READY,
    ];
    expect(await killEverywhere(project, phases)).toEqual(phases);
    await oneHealthyVm();
  });
});
