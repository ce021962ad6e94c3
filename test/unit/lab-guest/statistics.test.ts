import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { blockBytes } from '../../../plugins/lab/src/guest/usage.js';
import { rates } from '../../../plugins/lab/src/pve/sampler.js';
import { ROWS, Statistics } from '../../../plugins/lab/src/pve/statistics.js';

const HOUR = 1_800_000_000;

describe('the statistics of a node', () => {
  let folder: string;
  let statistics: Statistics;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'zebu-statistics-'));
    statistics = new Statistics(join(folder, 'statistics.json'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('are rows of a minute, the last complete one last, those without samples with their time only', () => {
    for (const [second, cpu] of [
      [0, 0.1],
      [10, 0.3],
      [130, 0.9],
    ] as const)
      statistics.add(100, { cpu }, HOUR + second);
    const rows = statistics.rows(100, 'hour', 'AVERAGE', HOUR + 130) ?? [];
    expect(rows).toHaveLength(ROWS);
    expect(rows.at(-1)).toEqual({ time: HOUR + 60 });
    expect(rows.at(-2)).toEqual({ time: HOUR, cpu: 0.2 });
    expect(rows[0]).toEqual({ time: HOUR + 120 - ROWS * 60 });
    expect(statistics.rows(100, 'hour', 'MAX', HOUR + 130)?.at(-2)).toEqual({ time: HOUR, cpu: 0.3 });
  });

  it('are averaged over half an hour for a day', () => {
    for (let minute = 0; minute < 60; minute++)
      statistics.add(100, { cpu: minute < 30 ? 0.2 : 0.4 }, HOUR + minute * 60);
    const rows = statistics.rows(100, 'day', 'AVERAGE', HOUR + 3600) ?? [];
    expect(rows.slice(-2).map(({ time, cpu }) => [time, cpu?.toFixed(3)])).toEqual([
      [HOUR, '0.200'],
      [HOUR + 1800, '0.400'],
    ]);
  });

  it('know what was measured last', () => {
    statistics.add(100, { cpu: 0.1 }, HOUR);
    statistics.add(100, { cpu: 0.3 }, HOUR + 10);
    expect(statistics.latest(100)).toEqual({ cpu: 0.3 });
    statistics.keep([]);
    expect(statistics.latest(100)).toBeUndefined();
  });

  it('outlive the daemon, but not the VM', () => {
    statistics.add(100, { cpu: 0.5 }, HOUR);
    statistics.add(101, { cpu: 0.5 }, HOUR);
    statistics.keep(['100']);
    const again = new Statistics(join(folder, 'statistics.json'));
    expect(again.rows(100, 'hour', 'AVERAGE', HOUR + 60)?.at(-1)).toEqual({ time: HOUR, cpu: 0.5 });
    expect(again.rows(101, 'hour', 'AVERAGE', HOUR + 60)).toBeUndefined();
  });
});

describe('what a guest used between two looks', () => {
  it('is told by the second, the processor as a share of all cores', () => {
    const before = { at: 100, usage: { cpu: 10, netin: 1000, mem: 5 } };
    expect(rates(before, { at: 110, usage: { cpu: 20, netin: 3000, mem: 9 } }, 2)).toEqual({ cpu: 0.5, netin: 200 });
  });

  it('is not known of a counter that began anew, nor at the first look', () => {
    const now = { at: 110, usage: { cpu: 1 } };
    expect(rates({ at: 100, usage: { cpu: 10 } }, now, 2)).toEqual({});
    expect(rates(undefined, now, 2)).toEqual({});
  });
});

it('reads what both kinds of cgroups say of disks', () => {
  const first = '8:0 Read 100\n8:0 Write 30\n8:0 Total 130\n8:16 Read 1\n8:16 Write 2\nTotal 133\n';
  const second = '8:0 rbytes=100 wbytes=30 rios=1 wios=1 dbytes=0 dios=0\n8:16 rbytes=1 wbytes=2\n';
  for (const text of [first, second]) expect([blockBytes(text, 'read'), blockBytes(text, 'write')]).toEqual([101, 32]);
});
