import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { writeReport } from '../../../scripts/pve/report.js';

const folder = mkdtempSync(join(tmpdir(), 'zebu-report-'));
afterAll(() => rmSync(folder, { recursive: true }));

const STDERR = [
  'debug: GET /api2/json/nodes/attic-7/qemu/9700/config ok 109 ms',
  'VM 9700 (zebu-acceptance) on attic-7 has no snapshot before',
  '    at find (file:///home/ada/zebu/dist/chunk.js:2:1308)',
  `    at read (${homedir()}/.ssh/config)`,
].join('\n');

const taken = (name: string, ok: boolean, optional = false) => ({
  step: { name, argv: ['vm:status'], ...(optional ? { optional } : {}) },
  ok,
  ...(ok ? {} : { why: 'exit status 6 instead of 0: SNAPSHOT_REFUSED: no snapshots there' }),
  seconds: 3.44,
  exit: ok ? 0 : 6,
  stderr: ok ? '' : STDERR,
});

describe('the report of a run on a real node', () => {
  const outcome = {
    begun: new Date('2026-11-29T01:04:05Z'),
    seconds: 1234,
    version: '9.2.11',
    title: 'Proxmox VE',
    lives: [
      {
        name: 'ssh:cloud-image',
        steps: [taken('its state', true), taken('a snapshot', false, true)],
        conversation: '{}\n',
      },
    ],
    removed: [],
    left: undefined,
  };
  writeReport(folder, { outcome, versions: { zebu: '1.2.0' }, hosts: ['pve.example.org'], root: '/home/ada/zebu/' });
  const report = readFileSync(join(folder, 'report.md'), 'utf8');

  it('says at its top what ran, when, how long, and how it went', () => {
    expect(report).toContain('- Proxmox VE 9.2.11\n- zebu 1.2.0\n');
    expect(report).toContain('- begun 2026-11-29 01:04 UTC, took 21 min\n');
    expect(report).toContain('- 2 steps, 0 failed, 1 refused for what this storage cannot do\n');
    expect(report).toMatch(/^\| warn \| 3\.4 \| a snapshot \| `zebu vm:status` \| exit status 6/m);
  });

  it('names neither the node nor the person who ran it', () => {
    expect(report).toContain('/nodes/<host-');
    expect(report).toContain('file://<zebu>/dist/chunk.js');
    for (const name of ['attic-7', 'ada', homedir()]) expect(report).not.toContain(name);
  });
});
