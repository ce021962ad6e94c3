/** Rehearsals that go well, that are looked at, and that are killed; what fails in one: test/integration/lifecycle/rehearse.test.ts. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { killZebu } from '../../support/cli.js';
import { theLab } from '../../support/lab.js';
import { fault } from '../../support/lab-control.js';
import { RehearsedApp, STRICT, type Rehearsal } from '../../support/rehearsed-app.js';

let app: RehearsedApp;

beforeAll(async () => {
  app = await RehearsedApp.make(theLab());
}, 600_000);
afterAll(() => app.remove());

describe('app:rehearse', () => {
  it('says how long a good one takes, to within 30 % of the deploy that follows', async () => {
    app.migration('v2', STRICT);
    await app.inStore("/bin/busybox sed -i 's/^7777,$/7777,b@example.org/' /data/rows");
    const before = await app.production();
    const result = await app.project.json<Rehearsal>(['app:rehearse', '--tag', 'v2']);
    expect(result).toMatchObject({ verdict: 'live', why: '', evidence: [] });
    expect(Object.keys(result.gaps).toSorted()).toEqual(['store', 'web']);
    expect(result.memory.leastAvailable).toBeGreaterThan(0);
    expect(result.data.after - result.data.before).toBeGreaterThanOrEqual(2 * 1024 ** 2);
    expect(await app.production()).toEqual(before);
    expect(await app.vms()).toBe(1);
    const { release } = await app.project.json<{ release: string }>(['app:deploy', '--tag', 'v2']);
    const steps = ['release-command', 'start-up', 'verify', 'probe'];
    const real = await app.took(release, steps);
    const rehearsed = result.steps.reduce((sum, { step, seconds }) => sum + (steps.includes(step) ? seconds : 0), 0);
    expect(real).toBeGreaterThan(15);
    expect(Math.abs(rehearsed - real) / real).toBeLessThan(0.3);
  });

  it('leaves the clone for a look, and removes it', async () => {
    app.migration('v3', 'true\n');
    const { vmid, kept } = await app.project.json<Rehearsal>(['app:rehearse', '--tag', 'v3', '--keep']);
    expect(kept).toBe(true);
    const look = await app.project.json<{ stdout: string; vmid: number }>([
      'vm:exec',
      '--rehearsal',
      '--',
      'readlink',
      '/opt/zebu/rehearsed/current',
    ]);
    expect(look.vmid).toBe(vmid);
    // What is live in it is the release that production does not have.
    expect(look.stdout).not.toBe(await app.guest('readlink /opt/zebu/rehearsed/current'));
    expect(await app.project.json<{ vmid: number }>(['vm:status'])).not.toMatchObject({ vmid });
    // It is not taken for what a killed run has left.
    await app.project.json<Rehearsal>(['app:rehearse', '--tag', 'v3']);
    expect(await app.vms()).toBe(2);
    expect(await app.project.json(['app:rehearse', '--clean'])).toEqual({
      changed: true,
      removed: [vmid],
      backups: [],
    });
    expect(await app.vms()).toBe(1);
    expect(await app.project.json(['app:rehearse', '--clean'])).toEqual({ changed: false, removed: [], backups: [] });
  });

  it.each(['Clone VM', 'Unplug its network', 'Rehearse v3'])(
    'killed at "%s", leaves a clone that nobody takes for the VM of the app, and the next run removes it',
    async (text) => {
      const { vmid } = await app.project.json<{ vmid: number }>(['vm:status']);
      if (text === 'Clone VM') await fault(app.lab, { kind: 'delay-task', task: 'qmclone', ms: 3000 });
      expect(
        await killZebu(['app:rehearse', '--tag', 'v3'], { cwd: app.project.folder, env: app.project.env }, [
          `- ${text}`,
        ]),
      ).toBe(`- ${text}`);
      for (let look = 0; look < 8; look++)
        expect(await app.project.json<{ vmid: number }>(['vm:status'])).toMatchObject({ vmid });
      expect(await app.project.json<Rehearsal>(['app:rehearse', '--tag', 'v3'])).toMatchObject({ verdict: 'live' });
      expect(await app.vms()).toBe(1);
    },
  );

  it('deploys with --rehearse what was good', async () => {
    const result = await app.project.json<{ verdict: string; ref: string }>([
      'app:deploy',
      '--tag',
      'v3',
      '--rehearse',
    ]);
    expect(result).toMatchObject({ verdict: 'live', ref: 'v3' });
    expect(await app.vms()).toBe(1);
  });
});
