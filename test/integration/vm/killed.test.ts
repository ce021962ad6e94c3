import { afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import { cacheImage, leftOnHost, standIn } from '../../support/community-script.js';
import { makeProject, type Project } from '../../support/project.js';
import { spawnZebu } from '../../support/cli.js';

const lab = inject('lab');

/** What a run prints when it enters a phase; the end of one is the beginning of the next. */
const READY = ['- Boot until', '- Find its address', '- Log in as', '- Prove Docker'];

/**
 * Starts vm:create again and again, and kills it with SIGKILL the moment it enters the next phase.
 * @returns the phases in which it was killed
 */
async function killEverywhere(project: Project, phases: readonly string[]): Promise<readonly string[]> {
  const killed: string[] = [];
  for (const phase of phases) {
    const run = spawnZebu(['vm:create'], { cwd: project.folder, env: project.env });
    if (await run.killAt(phase)) killed.push(phase);
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
    const phases = ['- Create VM', '- Import the disk', '- Grow the disk', '- Start it', ...READY];
    // The image may be on the node already, from another test.
    const killed = await killEverywhere(project, ['- Download', ...phases]);
    expect(killed).toEqual(expect.arrayContaining(['- Create VM', '- Import the disk', '- Boot until']));
    await oneHealthyVm();
  });

  it('ends with one healthy VM from the community script', async () => {
    project = makeProject({
      lab,
      app: 'killed-script',
      config: { vm: { image: undefined, script: { source: '../upstream' } } },
    });
    standIn(project, { script: (text) => text.replace('sleep 0 #:image', 'sleep 2') });
    images = leftOnHost(lab);
    const killed = await killEverywhere(project, [
      '- Make VM',
      '| Image:',
      '| Using cached image',
      '| Created VM shell',
      '| Cloud-Init configured',
      '- Make it ours',
      '- Start it',
      ...READY,
    ]);
    expect(killed).toEqual(expect.arrayContaining(['- Make VM', '| Image:', '| Using cached image', '- Boot until']));
    await oneHealthyVm();
  });
});
