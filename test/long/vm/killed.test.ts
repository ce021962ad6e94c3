/** The transports the other way round than in test/integration/vm, and the community script. */
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { cacheImage, fromScript, leftOnHost, standIn } from '../../support/community-script.js';
import { killedInTwo, killedWhileMaking, killEverywhere, oneHealthyVm, READY } from '../../support/killed-create.js';
import { theLab } from '../../support/lab.js';
import { makeProject, type Project } from '../../support/project.js';

const lab = theLab();

/** An idle machine needs a minute for each; a busy one must not make them fail. */
describe('zebu killed in each phase of vm:create and run again', { timeout: 1_200_000 }, () => {
  let project: Project;

  beforeAll(() => cacheImage(lab));
  afterEach(async () => {
    await project.zebu(['vm:destroy', '--yes']);
    project.remove();
  });

  it('ends with one healthy VM from a cloud image over api', async () => {
    project = makeProject({ lab, app: 'killed-api', transport: 'api' });
    await expect(killedWhileMaking(lab, project)).resolves.toBeUndefined();
  });

  it('ends with one healthy VM when two things were going on, over ssh', async () => {
    project = makeProject({ lab, app: 'killed-twice-ssh', transport: 'ssh' });
    await expect(killedInTwo(lab, project)).resolves.toBeUndefined();
  });

  it('ends with one healthy VM from the community script', async () => {
    project = makeProject({
      lab,
      app: 'killed-script',
      config: { vm: fromScript },
    });
    standIn(project, { script: (text) => text.replace('sleep 0 #:image', 'sleep 2') });
    const images = leftOnHost(lab);
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
    await oneHealthyVm(lab, project, images);
  });
});
