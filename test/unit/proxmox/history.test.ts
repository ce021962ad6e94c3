import { describe, expect, it } from 'vitest';
import { rrdAnswer } from '../../../src/lib/proxmox/answers.js';
import { historyLines } from '../../../src/lib/proxmox/history-lines.js';
import { historyOf } from '../../../src/lib/proxmox/history.js';
import type { VmHistory } from '../../../src/lib/proxmox/results.js';

const GIB = 1024 ** 3;
const NOON = Date.parse('2026-01-01T12:00:00Z') / 1000;

const read = (rows: unknown): VmHistory | null => historyOf('hour', rrdAnswer.parse(rows));

const row = (minute: number, values: object): object => ({ time: NOON + minute * 60, ...values });

const busy = [
  row(0, {}),
  row(1, { maxcpu: 2, maxmem: 2 * GIB }),
  row(2, { cpu: 0.45, mem: GIB, maxmem: 2 * GIB, netin: 1000, netout: 500, diskread: 0, diskwrite: 4 * 1024 * 1024 }),
  row(3, {}),
  row(4, { cpu: 0.12, mem: GIB, maxmem: 2 * GIB, netin: 0, netout: 0, diskread: 0, diskwrite: 0 }),
];

describe('what Proxmox measured', () => {
  it('begins where the VM first ran, with times in ISO and gaps as null', () => {
    const { points } = read(busy) ?? { points: [] };
    expect(points.map(({ time, cpu }) => [time, cpu])).toEqual([
      ['2026-01-01T12:02:00.000Z', 0.45],
      ['2026-01-01T12:03:00.000Z', null],
      ['2026-01-01T12:04:00.000Z', 0.12],
    ]);
    expect(points[0]).toMatchObject({ memoryBytes: GIB, networkOutBytes: 500, diskWriteBytes: 4 * 1024 * 1024 });
  });

  it('is the same as text and with null, as pvesh and other versions give it', () => {
    const rows = [
      { time: String(NOON), cpu: '0.5', mem: null, netin: 'NaN' },
      { time: NOON + 60, cpu: null },
    ];
    expect(read(rows)?.points).toMatchObject([{ cpu: 0.5, memoryBytes: null, networkInBytes: null }, { cpu: null }]);
  });

  it.each([[[]], [null], [[row(0, {}), row(1, {})]], [[row(0, { maxcpu: 2, maxmem: GIB })]]])(
    'is nothing for %j',
    (rows) => {
      expect(read(rows)).toBeNull();
    },
  );
});

describe('for people', () => {
  const shown = { columns: 80, unicode: true, running: true };

  it('is a line each for what says something', () => {
    expect(historyLines(read(busy), shown)).toEqual([
      'history   of the last hour',
      '  cpu     █ ▃  12 % now, 45 % at most',
      '  memory  ▅ ▅  1.0 GiB now, 1.0 GiB at most',
      '  disk    █ ▁  0 bytes/s now, 4.0 MiB/s at most',
    ]);
  });

  it('keeps to ASCII and the width of the terminal', () => {
    const many = Array.from({ length: 70 }, (_, minute) => row(minute, { cpu: 0.5, mem: GIB, maxmem: GIB }));
    expect(historyLines(read(many), { ...shown, columns: 50, unicode: false })).toEqual([
      'history   of the last hour',
      '  cpu     ##########  50 % now, 50 % at most',
      '  memory  ##########  1.0 GiB now, 1.0 GiB at most',
    ]);
    for (const columns of [80, 60, 45])
      for (const line of historyLines(read(many), { ...shown, columns }))
        expect(line.length).toBeLessThanOrEqual(columns);
    expect(historyLines(read(many), { ...shown, columns: 20 })[1]).toBe('  cpu     50 % now, 50 % at most');
  });

  it('has no "now" of a stopped VM, and is nothing without statistics', () => {
    expect(historyLines(read(busy), { ...shown, running: false })[1]).toBe('  cpu     █ ▃  45 % at most');
    expect(historyLines(null, shown)).toEqual([]);
  });
});
