import { expect, it } from 'vitest';
import { makeReleaseId, makeRunId, RELEASE_ID } from '../../../src/lib/app-folder/release-id.js';

it('names a run after the release it is about, and never as a deploy of it within the same second', () => {
  const now = new Date('2026-11-24T05:30:00.007Z');
  const release = makeReleaseId(now, '1a2b3c4d5e6f');
  expect(release).toBe('20261124T053000Z-1a2b3c4');
  const run = makeRunId(now, release);
  expect(run).toBe('20261124T053000Z-1a2b3c4007');
  expect(run).toMatch(RELEASE_ID);
  expect(makeRunId(new Date(now.getTime() + 900), release)).toBe('20261124T053000Z-1a2b3c438b');
});
