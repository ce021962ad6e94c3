import { describe, expect, it } from 'vitest';
import type { DumpProof, Proof } from '../../../src/lib/app-folder/proof-schemas.js';
import { toDumpProofs, toProofs } from '../../../src/lib/app-folder/proofs.js';
import { dumpProofFinding, proofFinding } from '../../../src/lib/doctor/proof.js';
import { CopyJournal } from '../../../src/lib/copies/journal.js';

const proof: Proof = {
  backup: 'local:backup/vzdump-qemu-100-2026_11_24-21_03_00.vma.zst',
  backupTime: Date.parse('2026-11-24T21:03:00Z') / 1000,
  backupBytes: 1,
  at: '2026-11-26T12:00:00.000Z',
  who: 'ann',
  proven: true,
  why: '',
  seconds: 60,
  steps: { restore: 20, boot: 20, verdict: 20 },
  checks: [],
};
const bad: Proof = { ...proof, at: '2026-11-28T12:00:00.000Z', proven: false, why: 'db restarts again and again' };
const now = Date.parse('2026-11-29T12:00:00Z') / 1000;
const line = (each: Proof): string => JSON.stringify(each);

describe('what is known of backups', () => {
  it('is the last proof, and the last good one', () => {
    expect(toProofs(line(proof), line(bad))).toEqual({ proven: proof, last: bad });
    expect(toProofs(undefined, line(bad))).toEqual({ proven: null, last: bad });
    expect(toProofs(undefined, undefined)).toBeNull();
    expect(toProofs(undefined, line(proof).slice(0, 50))).toBeNull();
  });

  it.each([
    [null, undefined, 'skip', /no backup was proven yet, and prove.max_age is not set/],
    [null, '30d', 'warn', /^no backup was proven yet$/],
    [{ proven: proof, last: proof }, undefined, 'ok', /^proven 3 d ago, of a backup from 2026-11-24$/],
    [{ proven: proof, last: proof }, '30d', 'ok', /^proven /],
    [{ proven: proof, last: proof }, '48h', 'warn', /prove\.max_age is 48h$/],
    [
      { proven: proof, last: bad },
      undefined,
      'warn',
      /since then local:backup\/.* was not: db restarts again and again$/,
    ],
    [{ proven: null, last: bad }, undefined, 'warn', /^no backup is proven; the last was not: db restarts/],
  ] as const)('%o with max_age %s: %s', (proofs, maxAge, status, detail) => {
    const finding = proofFinding(proofs, maxAge, now);
    expect(finding.status).toBe(status);
    expect(finding.detail).toMatch(detail);
  });
});

describe('what is known of dumps', () => {
  const dump: DumpProof = {
    ...{ dump: '20261126T020000Z', dumpTime: '2026-11-26T02:00:00.000Z', offsite: false, who: 'ann' },
    ...{ at: proof.at, proven: true, why: '', seconds: 60, checks: [] },
    steps: { fetch: null, clone: 20, boot: 20, restore: 20 },
  };
  const damaged: DumpProof = { ...dump, at: bad.at, proven: false, why: 'the dump of db is damaged' };

  it('is kept as that of backups is', () => {
    expect(toDumpProofs(JSON.stringify(dump), JSON.stringify(damaged))).toEqual({ proven: dump, last: damaged });
    expect(toDumpProofs(undefined, line(proof))).toBeNull();
  });

  it.each([
    [null, false, '30d', 'skip', /^no dump was proven yet$/],
    [null, true, undefined, 'skip', /^no dump was proven yet, and prove.max_age is not set$/],
    [null, true, '30d', 'warn', /^no dump was proven yet$/],
    [
      { proven: dump, last: dump },
      false,
      '48h',
      'warn',
      /^proven 3 d ago, of the dump 20261126T020000Z; prove\.max_age is 48h$/,
    ],
    [
      { proven: dump, last: damaged },
      true,
      undefined,
      'warn',
      /since then the dump 20261126T020000Z was not: the dump of db/,
    ],
  ] as const)('%o, wanted %s, with max_age %s: %s', (proofs, wanted, maxAge, status, detail) => {
    const finding = dumpProofFinding(proofs, wanted, maxAge, now);
    expect(finding.status).toBe(status);
    expect(finding.detail).toMatch(detail);
  });
});

describe('the journal of a run in a copy', () => {
  const step = (t: number, name: string, state: string, detail = ''): string =>
    JSON.stringify({ t, step: name, state, detail });

  it('counts steps, keeps what was said before the failure, and not the way back', () => {
    const steps: string[] = [];
    const journal = new CopyJournal((text) => steps.push(text));
    for (const each of [
      step(10, 'check', 'begin'),
      step(12, 'release-command', 'begin', 'store'),
      '{"step":"release-command","line":"ERROR: row 7777"}',
      step(20, 'release-command', 'failed', 'the release command failed'),
      step(20, 'start-up', 'begin', 'going back'),
      '{"step":"start-up","line":"Container started"}',
      'least_memory=5',
      step(25, 'verify', 'begin'),
      step(26, 'probe', 'begin', 'a'),
      step(27, 'verify', 'begin'),
      '{"t":30,"end":"restored","step":"release-command","seconds":20,"cause":"release-command-failed","reason":"because","gaps":{},"ports":""}',
    ])
      journal.take(each);
    expect(journal.times()).toEqual([
      { step: 'check', seconds: 2 },
      { step: 'release-command', seconds: 8 },
      { step: 'start-up', seconds: 5 },
      { step: 'verify', seconds: 4 },
      { step: 'probe', seconds: 1 },
    ]);
    expect(journal.lines).toEqual(['ERROR: row 7777']);
    expect(journal.failed).toBe('the release command failed');
    expect(journal.end).toMatchObject({ verdict: 'restored', reason: 'because' });
    expect(steps).toContain('store');
  });
});
