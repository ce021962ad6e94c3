import { describe, expect, it } from 'vitest';
import { parseWatch } from '../../../src/lib/app-folder/watch.js';
import { statusLines } from '../../../src/lib/app/status-text.js';

const NOW = Date.parse('2026-11-29T12:00:00Z') / 1000;
const DAY = 86_400;
const nothing = { known: [], past: [], heals: [] };

describe('what the watch has seen', () => {
  it('is nothing where it has not looked, or what it wrote cannot be read', () => {
    for (const state of [undefined, '', 'well', 'well 1 2', 'fine 1 2 3', 'well x 2 3', 'well 0 2 3'])
      expect(parseWatch({ ...nothing, state })).toBeNull();
  });

  it('is since when it is so, and how often it was not, what is so now included', () => {
    const watch = parseWatch({
      state: `down ${NOW - 60} ${NOW} ${NOW - 30 * DAY}`,
      known: [
        `health\t${NOW - 60}\t2\t0\t0\tunhealthy down\t0\tdb\tdb has exited with code 1`,
        `disk\t${NOW - 3600}\t9\t0\t0\tdisk\t0\t\t/ is 93 % full`,
        `drifted\t${NOW}\t1\t0\t0\t\t0\tweb\tnot told yet`,
      ],
      past: [
        `${NOW - 8 * DAY}\t${NOW - 8 * DAY + 60}\tdown\tlong ago`,
        `${NOW - 3 * DAY}\t${NOW - 3 * DAY + 120}\tunhealthy\tx`,
        // Over the beginning of the day.
        `${NOW - DAY - 100}\t${NOW - DAY + 30}\tdown\tx`,
        `${NOW - 100}\t${NOW - 90}\tdisk\tno health`,
        'cut off',
      ],
      heals: [`${NOW - 10} web`, `${NOW - 2 * DAY} web`],
    });
    expect(watch).toEqual({
      health: 'down',
      since: '2026-11-29T11:59:00.000Z',
      looked: '2026-11-29T12:00:00.000Z',
      watchedSince: '2026-10-30T12:00:00.000Z',
      lastDay: { times: 2, seconds: 90 },
      lastWeek: { times: 3, seconds: 310 },
      troubles: [
        { kind: 'down', since: '2026-11-29T11:59:00.000Z', reason: 'db has exited with code 1' },
        { kind: 'disk', since: '2026-11-29T11:00:00.000Z', reason: '/ is 93 % full' },
      ],
      healed: 1,
    });
    const status = {
      ...{ app: 'shop', healthy: false, release: null, broken: null, host: 'h', deploying: null, interrupted: null },
      ...{
        drift: null,
        machine: null,
        url: null,
        live: null,
        last: null,
        services: [],
        probation: null,
        proofs: null,
        dumpProofs: null,
        data: null,
      },
    };
    expect(statusLines({ ...status, watch }).slice(1, 4)).toEqual([
      'watch: DOWN since 2026-11-29 11:59 UTC, not well 2 times in the last day (1 min 30 s), 3 times in the last week (5 min 10 s), 1 restart by watch.heal in the last day; looked at 2026-11-29 12:00 UTC',
      'watch: down since 2026-11-29 11:59 UTC: db has exited with code 1',
      'watch: disk since 2026-11-29 11:00 UTC: / is 93 % full',
    ]);
    const proof = {
      ...{ backup: 'local:backup/x', backupTime: NOW - 2 * DAY, backupBytes: 1, who: 'ann', proven: true, why: '' },
      ...{ at: new Date((NOW - DAY) * 1000).toISOString(), seconds: 1, checks: [] },
      steps: { restore: 1, boot: 1, verdict: 1 },
    };
    const bad = { ...proof, at: new Date((NOW - 60) * 1000).toISOString(), proven: false, why: 'db is unhealthy' };
    const at = new Date(NOW * 1000);
    const line = 'last proven restore: 1 d ago (backup of 2026-11-27 12:00 UTC)';
    expect(
      statusLines({ ...status, watch: null, proofs: { proven: proof, last: proof } }, undefined, { now: at })[1],
    ).toBe(line);
    expect(
      statusLines({ ...status, watch: null, proofs: { proven: proof, last: bad } }, undefined, { now: at }).slice(1, 3),
    ).toEqual([line, 'NOT PROVEN 1 min ago: backup of 2026-11-27 12:00 UTC: db is unhealthy']);
    const dump = { ...bad, dump: 'd2', dumpTime: proof.at, offsite: true, why: 'the dump of db is damaged' };
    const dumped = { ...dump, dump: 'd1', at: proof.at, offsite: false, proven: true, why: '' };
    const steps = { fetch: null, clone: 1, boot: 1, restore: 1 };
    const dumpProofs = { proven: { ...dumped, steps }, last: { ...dump, steps } };
    expect(statusLines({ ...status, watch: null, dumpProofs }, undefined, { now: at }).slice(1, 3)).toEqual([
      'last proven dump: 1 d ago (d1)',
      'NOT PROVEN 1 min ago: the dump d2, from off the VM: the dump of db is damaged',
    ]);
    const well = parseWatch({ ...nothing, state: `well ${NOW - DAY} ${NOW} ${NOW - DAY}` });
    expect(statusLines({ ...status, watch: well })[1]).toBe(
      'watch: well since 2026-11-28 12:00 UTC, never otherwise in the last week; looked at 2026-11-29 12:00 UTC',
    );
  });
});
