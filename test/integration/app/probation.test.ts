import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { theLab } from '../../support/lab.js';
import { ProbationApp } from '../../support/probation-app.js';
import { refusal } from '../../support/refusal.js';

describe('a release on probation', { timeout: 600_000 }, () => {
  let app: ProbationApp;
  beforeAll(async () => {
    app = await ProbationApp.make(theLab(), 'proved');
  });
  afterAll(() => app.remove());

  it('there is none of the first: there is nothing to go back to', async () => {
    expect((await app.deploy('v1')).probation).toBe(0);
    expect((await app.status()).probation).toBeNull();
    expect(
      await refusal(app.project, ['app:deploy', '--tag', 'v1', '--probation', '--set', 'deploy.probation=0']),
    ).toMatchObject({ code: 'USAGE' });
  });

  it('is live, says how long it is on probation, and is gone back from when it fails', async () => {
    const { release, previous, probation } = await app.deploy('v2');
    expect(probation).toBe(600);
    const seen = await app.status();
    expect(seen.probation).toMatchObject({ release, previous });
    expect(seen.probation?.secondsLeft).toBeGreaterThan(500);
    expect((await app.project.zebu(['app:status'])).stdout).toMatch(
      /^on probation, (10 min|9 min \d+ s) left: if it fails, \S+ is gone back to$/m,
    );
    app.sicken();
    const after = await app.over();
    expect([after.release, after.healthy, app.runs()]).toEqual([previous, true, 'v1']);
    expect(await app.newest()).toMatchObject({
      id: release,
      mode: 'probation',
      verdict: 'restored',
      cause: 'probation',
      reason: 'within its probation: web is unhealthy',
      kept: false,
    });
    const journal = await app.project.zebu(['app:follow', (await app.newest()).run ?? '']);
    expect([journal.code, journal.stderr]).toEqual([
      7,
      expect.stringContaining('within its probation: web is unhealthy'),
    ]);
  });

  it('is watched by nothing any more where none is asked for', async () => {
    await app.deploy('v9', '--set', 'deploy.probation=0');
    expect(app.guest.run(`ls /etc/systemd/system | grep zebu-probation || :`)).toBe('');
  });
});
