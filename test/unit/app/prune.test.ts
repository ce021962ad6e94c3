/** What keeps `app:prune` from removing anything, as the exit status of its script: no word of it is read. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { appLayout } from '../../../src/lib/app-folder/layout.js';
import { BROKEN_STATUS, OPEN_STATUS } from '../../../src/lib/app-folder/statuses.js';
import { pruneScript } from '../../../src/lib/app/prune.js';
import { runIn, vmShells } from '../../support/shells.js';

describe.each(vmShells())('what keeps from pruning, in $name', (shell) => {
  let base: string;
  beforeEach(() => {
    base = mkdtempSync(join(tmpdir(), 'zebu-prune-'));
    mkdirSync(join(base, 'releases/r1'), { recursive: true });
    writeFileSync(join(base, 'releases/r1/plan'), '');
  });
  afterEach(() => rmSync(base, { recursive: true }));

  const prune = (): number | null =>
    runIn(
      shell,
      pruneScript({ ...appLayout('shop'), base }, '{"who":"ann"}', { keep: undefined, buildCacheGb: undefined }),
    ).code;

  it('is a run that was interrupted and not ended', () => {
    symlinkSync('releases/r1', join(base, 'current'));
    writeFileSync(join(base, 'transaction'), 'tx_phase=switch');
    expect(prune()).toBe(OPEN_STATUS);
  });

  it('is an app that was never deployed, or whose live release cannot be told', () => {
    expect(prune()).toBe(66);
    symlinkSync('releases/r0', join(base, 'current'));
    expect(prune()).toBe(BROKEN_STATUS);
  });
});
