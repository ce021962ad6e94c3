/** The other transport for each, and the community script: test/long/vm. */
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { cacheImage } from '../../support/community-script.js';
import { killedInTwo, killedWhileMaking } from '../../support/killed-create.js';
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

  it('ends with one healthy VM from a cloud image over ssh', async () => {
    project = makeProject({ lab, app: 'killed-ssh', transport: 'ssh' });
    await expect(killedWhileMaking(lab, project)).resolves.toBeUndefined();
  });

  it('ends with one healthy VM when two things were going on, over api', async () => {
    project = makeProject({ lab, app: 'killed-twice-api', transport: 'api' });
    await expect(killedInTwo(lab, project)).resolves.toBeUndefined();
  });
});
