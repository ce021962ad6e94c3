import { describe, expect, it } from 'vitest';
import { outdatedLines } from '../../../src/lib/images/outdated-text.js';
import type { Outdated, OutdatedImage } from '../../../src/lib/images/results.js';

const row = (more: Partial<OutdatedImage>): OutdatedImage => ({
  service: 'web',
  image: 'ghcr.io/team/web:1.2.1',
  file: 'compose.yml',
  line: 3,
  tag: '1.2.1',
  patch: null,
  minor: null,
  major: null,
  moved: null,
  digest: null,
  running: null,
  problem: null,
  ...more,
});
const running = { image: '', tag: '1.2.0', digest: null, since: '2026-11-01T10:20:30Z' };
const found: Outdated = {
  app: 'shop',
  live: null,
  outdated: 2,
  unknown: 1,
  images: [
    row({ patch: '1.2.10', major: '2.0.0', running }),
    row({
      service: 'db',
      image: 'postgres:16-alpine',
      tag: '16-alpine',
      moved: true,
      running: { ...running, tag: '16-alpine' },
    }),
    row({ service: 'one', image: 'redis', tag: 'latest' }),
    row({ service: 'away', problem: 'ghcr.io: connection refused' }),
  ],
};

describe('newer images for people', () => {
  it('are a table with what is to be said of each below it', () => {
    expect(outdatedLines(found, 100)).toEqual([
      'SERVICE  IMAGE             TAG        PATCH   MINOR  MAJOR  RUNS SINCE',
      'web      ghcr.io/team/web  1.2.1      1.2.10  -      2.0.0  2026-11-01 10:20',
      'db       postgres          16-alpine  -       -      -      2026-11-01 10:20',
      'one      redis             latest     -       -      -      -',
      'away     ghcr.io/team/web  1.2.1      -       -      -      -',
      'web: 1.2.0 runs',
      'db: 16-alpine is another image by now',
      'one: the tag is no version',
      'away: ghcr.io: connection refused',
      '2 of 4 with something newer, 1 not known',
    ]);
  });

  it('fit narrow screens, and say when there are none', () => {
    for (const width of [60, 40]) {
      const lines = outdatedLines({ ...found, live: 'the VM was not asked' }, width);
      expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(Math.max(width, 46));
      expect(lines[0]).not.toContain('SINCE');
      expect(lines).toContain('what runs is not known: the VM was not asked');
    }
    expect(outdatedLines({ ...found, images: [], outdated: 0, unknown: 0 })).toEqual([
      'shop has no images that are pulled',
    ]);
    expect(outdatedLines({ ...found, outdated: 0, unknown: 0 }).at(-1)).toBe('nothing newer');
  });
});
