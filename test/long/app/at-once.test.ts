import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { theLab } from '../../support/lab.js';
import type { DeployResult } from '../../../src/lib/deploy/results.js';
import type { Project } from '../../support/project.js';
import { tinyApp, version } from '../../support/tiny-app.js';

const TIMES = Number(process.env['ZEBU_TEST_TIMES'] ?? 50);

interface Ended {
  readonly ok: boolean;
  readonly result: DeployResult;
  readonly error: { readonly code: string; readonly details: unknown };
}

describe('two deploys at once', { timeout: 3_600_000 }, () => {
  let project: Project;
  let url: string;

  beforeAll(async () => {
    project = tinyApp({
      lab: theLab(),
      app: 'at-once',
      config: { deploy: { keep: 3, stability: 1, timeout: 60 } },
    });
    await project.json(['vm:create']);
    const { ip } = await project.json<{ ip: string }>(['vm:status']);
    url = `http://${ip}:8080/version`;
    version(project, 'start');
    await project.json(['app:deploy', '--tag', 'start']);
  });
  afterAll(async () => {
    await project.zebu(['vm:destroy', '--yes']);
    project.remove();
  });

  it(`leave one of them live and refuse the other, ${TIMES} times`, async () => {
    for (let time = 0; time < TIMES; time++) {
      const tags = [`a${time}`, `b${time}`];
      for (const tag of tags) version(project, tag);
      const runs = await Promise.all(tags.map((tag) => project.zebu(['app:deploy', '--tag', tag, '--json'])));
      const ended = runs.map(({ stdout }) => JSON.parse(stdout) as Ended);
      expect(
        runs.map(({ code }) => code).toSorted((a, b) => Number(a) - Number(b)),
        `time ${time}: ${JSON.stringify(ended)}`,
      ).toEqual([0, 6]);
      const won = ended.findIndex(({ ok }) => ok);
      expect(ended.find(({ ok }) => !ok)?.error).toMatchObject({ code: 'LOCK_HELD', details: { ref: tags[won] } });
      expect((await (await fetch(url)).text()).trim()).toBe(tags[won]);
      const release = ended[won]?.result.release;
      expect(await project.json(['app:status'])).toMatchObject({ healthy: true, release });
    }
  });

  it('share one run when they bring the same commit', async () => {
    for (let time = 0; time < TIMES / 5; time++) {
      version(project, `same${time}`);
      const [one, two] = await Promise.all(
        [1, 2].map(() => project.json<DeployResult>(['app:deploy', '--tag', `same${time}`])),
      );
      expect(two).toMatchObject({ verdict: 'live', release: one?.release, commit: one?.commit });
    }
  });

  it('both go live one after the other when the second waits', async () => {
    const tags = ['first', 'second'];
    for (const tag of tags) version(project, tag);
    const runs = await Promise.all(
      tags.map((tag) => project.json<DeployResult>(['app:deploy', '--tag', tag, '--lock-wait', '300'])),
    );
    expect(runs.map(({ verdict }) => verdict)).toEqual(['live', 'live']);
    const [one, two] = runs;
    expect([one?.previous === two?.release, two?.previous === one?.release].filter(Boolean)).toHaveLength(1);
  });
});
