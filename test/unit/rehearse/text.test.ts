import { expect, it } from 'vitest';
import { rehearsalLines } from '../../../src/lib/rehearse/text.js';
import type { Rehearsal } from '../../../src/lib/rehearse/results.js';

const MIB = 1024 ** 2;
const result: Rehearsal = {
  release: '20261129T180000Z-1a2b3c4',
  ref: 'v1.3',
  commit: '1a2b3c4',
  source: 'clone',
  verdict: 'live',
  why: '',
  evidence: [],
  seconds: 42,
  steps: [
    { step: 'check', seconds: 0 },
    { step: 'release-command', seconds: 30 },
    { step: 'start-up', seconds: 12 },
  ],
  gaps: { web: 1.5 },
  memory: { total: 2048 * MIB, leastAvailable: 512 * MIB },
  disk: { before: 100 * MIB, after: 300 * MIB },
  data: { before: 50 * MIB, after: 40 * MIB },
  copySeconds: 12,
  vmid: 101,
  node: 'pve',
  kept: false,
};

it('says what a deploy would be like', () => {
  expect(rehearsalLines(result)).toEqual([
    'v1.3 would go live: 42 s (release-command 30 s, start-up 12 s)',
    'away meanwhile: web for 1.5 s',
    'memory: 512.0 MiB of 2.0 GiB left when it was least; disk +200.0 MiB; data -10.0 MiB',
  ]);
});

it('says what it would not', () => {
  const failed: Rehearsal = {
    ...result,
    source: 'backup',
    verdict: 'restored',
    gaps: {},
    kept: true,
    memory: { total: 1, leastAvailable: null },
    data: { before: 1, after: 1 },
  };
  expect(rehearsalLines(failed)).toEqual([
    'v1.3 would NOT go live: 42 s (release-command 30 s, start-up 12 s)',
    'no service would be away',
    'memory: not seen; disk +200.0 MiB; data as much as before',
    'rehearsed in a restored backup, which was made for it and is removed',
    'The copy is VM 101: zebu vm:exec --rehearsal -- docker ps -a',
  ]);
});
