import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { makeProject, type Project } from '../../support/project.js';

describe('the main job in a fast guest', () => {
  let project: Project;

  beforeAll(async () => {
    project = makeProject({
      lab: inject('lab'),
      app: 'shop-a',
      example: 'shop',
      config: {
        app: { compose: ['compose.yml', 'compose.production.yml'] },
        secrets: { API_KEY: { required: true } },
      },
    });
    project.write('.gitignore', '.env\nbase/busybox\n');
    project.write('.env', 'API_KEY=a-key-of-the-test\n', 0o600);
    project.release('v1');
    await project.json(['vm:create']);
  });
  afterAll(async () => {
    await project.zebu(['vm:destroy', '--yes']);
    project.remove();
  });

  it('deploys a tag, and says that it is healthy', async () => {
    const deployed = await project.json<{ release: string; ref: string }>(['app:deploy', '--tag', 'v1']);
    expect(deployed.ref).toBe('v1');
    const status = await project.json<{ healthy: boolean; release: string }>(['app:status']);
    expect(status).toMatchObject({ healthy: true, release: deployed.release });
  });

  it('refuses a tag that does not exist with one line and exit status 6', async () => {
    const run = await project.zebu(['app:deploy', '--tag', 'nope']);
    expect(run.code).toBe(6);
    expect(run.stdout).toBe('');
    expect(run.stderr.split('\n')[0]).toBe('Error: There is no tag nope in this repository');
  });
});
