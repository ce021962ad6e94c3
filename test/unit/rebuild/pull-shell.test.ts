/** Images of a registry in the new machine. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sh, variables } from '@zebu/kit';
import PULL from '../../../src/lib/rebuild/pull-images.sh';
import { gnuShells, runIn, standIns } from '../../support/shells.js';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'zebu-pull-'));
  mkdirSync(join(root, 'base'));
});
afterEach(() => rmSync(root, { recursive: true }));

const at = (...parts: readonly string[]): string => join(root, ...parts);

describe.each(gnuShells())('images that are pulled, in $name', { timeout: 60_000 }, (shell) => {
  const pull = (live: readonly string[], older: string): { readonly code: number | null; readonly stdout: string } => {
    standIns(at('bin'), {
      docker: `case "$1 $2" in 'image inspect') [ "$3" = there@1 ] ;; 'pull -q') echo "$3" >>'${root}/pulled'; case $3 in gone*) echo 'manifest unknown' >&2; exit 1 ;; esac ;; esac`,
    });
    const values = variables({ base: at('base'), app: 'shop', tokens: '', older });
    return runIn(shell, `${values}${sh`set -- ${live}`}\n${PULL}`, { env: { PATH: at('bin') } });
  };

  it('have to be there where they are of the live release', () => {
    expect(pull(['there@1', 'gone@2'], '')).toMatchObject({ code: 1, stdout: '', stderr: 'manifest unknown\n' });
    expect(pull(['there@1', 'new@1'], '')).toMatchObject({ code: 0, stdout: '' });
  });

  it('are named where they are of an older one and gone', () => {
    expect(pull(['there@1'], 'gone@1 there@1 new@1 gone@2')).toMatchObject({ code: 0, stdout: 'gone@1\ngone@2\n' });
  });
});
