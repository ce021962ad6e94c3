/** What `app:prune` has the runner do, and what keeps it from it, as the exit status of its script: no word of it is read. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { appLayout } from '../../../src/lib/app-folder/layout.js';
import { BROKEN_STATUS, OPEN_STATUS } from '../../../src/lib/app-folder/statuses.js';
import { variables } from '../../../plugins/kit/src/quote.js';
import { pruneScript } from '../../../src/lib/app/prune.js';
import PRUNE from '../../../src/lib/app/prune-part.sh';
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

  it('is nothing: then the runner that was sent does it, under the lock, with the limits it is given', () => {
    symlinkSync('releases/r1', join(base, 'current'));
    const runner = 'printf "%s\\n" "$@"; cat holder; [ -e .incoming ] || flock -n lock true || echo held\n';
    const values = { base, holder: '{"who":"ann"}', keep: 3, build_cache: '2GB' };
    const script = variables({ ...values, runner_size: runner.length, runner_sum: '' }) + PRUNE;
    const { code, stdout } = runIn(shell, script, { input: runner });
    expect([code, stdout.split('\n')]).toEqual([
      0,
      ['prune', base, 'r1', 'none', 'worker', '3', '2GB', '{"who":"ann"}held', ''],
    ]);
    expect(readFileSync(join(base, 'runner'), 'utf8')).toBe(runner);
    expect(existsSync(join(base, 'holder'))).toBe(false);
  });

  it('is a connection that ends within the runner: the one that is there stays', () => {
    symlinkSync('releases/r1', join(base, 'current'));
    writeFileSync(join(base, 'runner'), 'before');
    const values = { base, holder: '{}', keep: '', build_cache: '', runner_size: 100, runner_sum: '' };
    expect(runIn(shell, variables(values) + PRUNE, { input: 'echo' })).toMatchObject({
      code: 1,
      stderr: 'the connection ended early\n',
    });
    expect(readFileSync(join(base, 'runner'), 'utf8')).toBe('before');
  });
});
