import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { theLab } from '../../support/lab.js';
import { ProbationApp } from '../../support/probation-app.js';

describe('a release on probation, whatever happens meanwhile', { timeout: 600_000 }, () => {
  let app: ProbationApp;
  beforeAll(async () => {
    app = await ProbationApp.make(theLab(), 'outlived');
  });
  afterAll(() => app.remove());

  it('is live', async () => {
    await app.deploy('v1');
    await app.deploy('v2');
  });

  it('is waited for by who stays: exit 7 when it is gone back from, 0 when it is over', async () => {
    app.commit('v3');
    const staying = app.project.zebu(['app:deploy', '--tag', 'v3', '--probation', '--json']);
    while ((await app.status()).live?.ref !== 'v3') await setTimeout(500);
    app.sicken();
    const { code, stdout } = await staying;
    const { error } = JSON.parse(stdout) as { error: { code: string; message: string } };
    expect([code, error.code]).toEqual([7, 'DEPLOY_RESTORED']);
    expect(error.message).toBe(
      'The release failed within its probation: web is unhealthy. The previous release was restored and verified',
    );
    const good = await app.deploy('v4', '--probation', '--set', 'deploy.probation=15');
    expect([good.verdict, good.probation, app.runs()]).toEqual(['live', 0, 'v4']);
    expect((await app.status()).probation).toBeNull();
  });

  it('ends with what is deployed or gone back to meanwhile', async () => {
    await app.deploy('v5');
    const next = await app.deploy('v6');
    expect((await app.status()).probation?.release).toBe(next.release);
    await app.project.json(['app:rollback']);
    expect((await app.status()).probation).toBeNull();
    expect(app.runs()).toBe('v5');
  });

  it('goes on after the machine was started again, for the time that was left', async () => {
    const { previous } = await app.deploy('v7');
    await setTimeout(11_000);
    const before = (await app.status()).probation?.secondsLeft ?? 0;
    await app.project.json(['vm:restart']);
    while (!(await app.status()).healthy) await setTimeout(1000);
    const after = (await app.status()).probation?.secondsLeft ?? 0;
    expect(after).toBeGreaterThan(before - 60);
    expect(after).toBeLessThan(before + 15);
    app.sicken();
    const seen = await app.over();
    expect([seen.release, app.runs()]).toEqual([previous, 'v5']);
  });

  it('ends with the release before also where everything that goes back is killed in the middle', async () => {
    const { previous } = await app.deploy('v8');
    app.guest.run(`echo start-up >/opt/zebu/outlived/pause-at`);
    app.sicken();
    for (;;) {
      const { deploying } = await app.status();
      if (deploying !== null) break;
      await setTimeout(500);
    }
    await setTimeout(2000);
    app.guest.run(`rm -f /opt/zebu/outlived/pause-at; pkill -9 -f '[u]nits/probation|[r]unner (probation|watch)' || :`);
    const seen = await app.over();
    expect([seen.release, seen.healthy, app.runs()]).toEqual([previous, true, 'v5']);
    expect(await app.newest()).toMatchObject({ mode: 'probation', verdict: 'restored', cause: 'probation' });
  });
});
