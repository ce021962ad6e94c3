import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DeployResult } from '../../../src/lib/deploy/results.js';
import { makeBaseImage } from '../../support/base-image.js';
import { guestShell, type Shell } from '../../support/guest-shell.js';
import { theLab } from '../../support/lab.js';
import { makeProject, type Project } from '../../support/project.js';
import { refusal } from '../../support/refusal.js';

const service = (name: string): string => `  ${name}:
    build: ./${name}
    init: true
    restart: unless-stopped
    stop_grace_period: 0s
    healthcheck: { test: [CMD, test, -f, /version], interval: 1s, start_period: 30s, start_interval: 500ms }
`;
const dockerfile = `FROM base:1\nCOPY version /version\nCMD ["sleep", "100000000"]\n`;
const RUNS = 'all of it runs already as this release says';

describe('what has not changed', { timeout: 300_000 }, () => {
  let project: Project;
  let guest: Shell;

  /** What a deploy says, what it built, and which containers are others after it. */
  async function deploy(
    tag: string,
    ...more: readonly string[]
  ): Promise<{
    readonly said: string;
    readonly kept: string;
    readonly built: readonly string[];
    readonly replaced: readonly string[];
  }> {
    const containers = (): readonly string[] =>
      guest.run(`docker ps -a --no-trunc --format '{{.Names}} {{.ID}}'`).split('\n').toSorted();
    const before = containers();
    const run = await project.zebu(['app:deploy', '--tag', tag, ...more], { timeoutMs: 280_000 });
    expect(run.code, run.stderr).toBe(0);
    const said = run.stdout + run.stderr;
    return {
      said,
      kept: /not built again, as nothing of it has changed: (.*) \(/m.exec(said)?.[1] ?? '',
      built: ['api', 'web'].filter((name) => said.includes(`[${name} internal]`)),
      replaced: containers()
        .filter((line) => !before.includes(line))
        .map((line) => line.replace(/ .*/, '')),
    };
  }
  const release = (tag: string, files: Readonly<Record<string, string>> = {}): void => {
    for (const [file, text] of Object.entries(files)) project.write(file, text);
    project.release(tag);
  };

  beforeAll(async () => {
    project = makeProject({
      lab: theLab(),
      app: 'same',
      files: {
        'compose.yml': `services:\n${service('api')}${service('web')}`,
        'api/Dockerfile': dockerfile,
        'web/Dockerfile': dockerfile,
        'api/version': '1\n',
        'web/version': '1\n',
      },
      config: { deploy: { stability: 1 } },
    });
    release('v1');
    const { ip } = await project.json<{ ip: string }>(['vm:create']);
    guest = guestShell(ip, project.key);
    makeBaseImage(guest);
    expect(await deploy('v1')).toMatchObject({
      kept: '',
      built: ['api', 'web'],
      replaced: ['same-api-1', 'same-web-1'],
    });
  });
  afterAll(async () => {
    await project.zebu(['vm:destroy', '--yes']);
    project.remove();
  });

  it('is neither built nor started again; it is a release of its own all the same', async () => {
    const before = await project.json<{ release: string }>(['app:status']);
    const again = await deploy('v1');
    expect(again).toMatchObject({ kept: 'api, web', built: [], replaced: [] });
    expect(again.said).toContain(RUNS);
    const after = await project.json<{ release: string; healthy: boolean }>(['app:status']);
    expect([after.healthy, after.release === before.release]).toEqual([true, false]);
  });

  it('is what a commit leaves as it was: only the rest is built, and replaced', async () => {
    release('v2', { 'api/version': '2\n', 'README.md': 'new\n' });
    const changed = await deploy('v2');
    expect(changed).toMatchObject({ kept: 'web', built: ['api'], replaced: ['same-api-1'] });
    expect(changed.said).not.toContain(RUNS);
    expect(guest.run('docker exec same-api-1 cat /version')).toBe('2');
    // What was built for an earlier release is there, too.
    const back = await deploy('v1');
    expect(back).toMatchObject({ kept: 'api, web', built: [], replaced: ['same-api-1'] });
    expect(guest.run('docker exec same-api-1 cat /version')).toBe('1');
    // Also where no file of any build is that of the live release.
    release('others', { 'api/version': 'other\n', 'web/version': 'other\n' });
    expect(await deploy('others')).toMatchObject({ kept: '', built: ['api', 'web'] });
    expect(await deploy('v1')).toMatchObject({ kept: 'api, web', built: [], replaced: ['same-api-1', 'same-web-1'] });
    expect(guest.run('docker exec same-web-1 cat /version')).toBe('1');
  });

  it('is brought up where somebody has stopped or removed it', async () => {
    guest.run('docker stop same-web-1; docker rm -f same-api-1');
    expect((await project.zebu(['app:status', '--exit-code'])).code).toBe(8);
    expect(await refusal(project, ['app:start'])).toMatchObject({
      code: 'DEPLOY_UNHEALTHY',
      message: 'There is no container of api: somebody has removed it',
    });
    guest.run('docker stop same-web-1');
    const healed = await deploy('v1');
    expect(healed).toMatchObject({ kept: 'api, web', built: [], replaced: ['same-api-1'] });
    expect(healed.said).not.toContain(RUNS);
    expect(guest.run('docker inspect -f "{{.State.Running}}" same-web-1 same-api-1')).toBe('true\ntrue');
  });

  it('is built where the image it starts from is another one by now, where it is gone, and where it is asked for', async () => {
    expect(await deploy('v1', '--rebuild')).toMatchObject({ kept: '', built: ['api', 'web'], replaced: [] });
    guest.run(`printf 'FROM base:1\\nLABEL newer=1\\n' | DOCKER_BUILDKIT=1 docker build -q -t base:1 - >/dev/null`);
    expect(await deploy('v1')).toMatchObject({
      kept: '',
      built: ['api', 'web'],
      replaced: ['same-api-1', 'same-web-1'],
    });
    release('v3', { 'api/version': '1\n', 'web/version': '3\n' });
    expect(await deploy('v3')).toMatchObject({ kept: 'api', built: ['web'] });
    // That of v1 is of no container any more.
    guest.run(`running=$(docker inspect -f '{{.Image}}' same-web-1)
for each in $(docker image ls -q --no-trunc zebu/same-web); do [ "$each" = "$running" ] || docker image rm -f "$each" >/dev/null; done`);
    expect(await deploy('v1')).toMatchObject({ kept: 'api', built: ['web'], replaced: ['same-web-1'] });
  });

  it('has no gap', async () => {
    const result = await project.json<DeployResult>(['app:deploy', '--tag', 'v1']);
    expect([result.verdict, result.gaps]).toEqual(['live', {}]);
  });
});
