import { spawnSync } from 'node:child_process';
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { quote } from '@zebu/kit';
import CHECKOUT from '../../../src/lib/runner/checkout.sh';
import { runIn, vmShells } from '../../support/shells.js';

const NAMES = ['-rf', 'a b', '$(id)', "it's", 'q"q', 'new\nline', 'é', '.hidden'];

describe.each(vmShells())('the files of a commit, in $name', { timeout: 60_000 }, (shell) => {
  it('are those of the commit, to the byte, whatever they are called and whatever it says of converting them', () => {
    const root = mkdtempSync(join(tmpdir(), 'zebu-checkout-'));
    onTestFinished(() => rmSync(root, { recursive: true }));
    const work = join(root, 'work');
    mkdirSync(work);
    const git = (...args: readonly string[]): string => {
      const { status, stdout, stderr } = spawnSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@b', ...args], {
        ...{ cwd: work, encoding: 'utf8' },
      });
      if (status !== 0) throw new Error(stderr);
      return stdout.trim();
    };
    git('init', '-q');
    for (const each of NAMES) writeFileSync(join(work, each), `text of ${each}\n`);
    writeFileSync(join(work, 'dos'), 'a\r\nb\n$Id$\n');
    writeFileSync(join(work, 'tool'), '#!/bin/sh\n', { mode: 0o755 });
    symlinkSync('../outside', join(work, 'link'));
    git('add', '-A');
    const first = git('commit-tree', '-m', 'x', git('write-tree'));
    rmSync(join(work, 'dos'));
    writeFileSync(
      join(work, '.gitattributes'),
      '* text eol=crlf ident filter=evil\n*.u16 working-tree-encoding=UTF-16\n',
    );
    writeFileSync(join(work, 'wide.u16'), 'plain');
    const blob = git('hash-object', '-w', '--no-filters', join(work, 'wide.u16'));
    git('update-index', '--add', '--cacheinfo', `100644,${blob},wide.u16`);
    git(
      'update-index',
      '--add',
      '--cacheinfo',
      `100644,${git('hash-object', '-w', '--no-filters', '.gitattributes')},.gitattributes`,
    );
    git('update-index', '--force-remove', 'dos');
    const second = git('commit-tree', '-m', 'y', git('write-tree'));

    const tree = join(root, 'a tree');
    mkdirSync(tree);
    const checkout = (commit: string): void => {
      // A filter of the VM's own would be run here.
      const env = { GIT_CONFIG_COUNT: '1', GIT_CONFIG_KEY_0: 'filter.evil.smudge', GIT_CONFIG_VALUE_0: 'echo evil' };
      const repository = join(work, '.git');
      const words = [repository, tree, join(root, 'index'), commit].map(quote).join(' ');
      expect(runIn(shell, `set -eu\n${CHECKOUT}\ncheckout_commit ${words}`, { env })).toEqual({
        ...{ code: 0, stdout: '', stderr: '' },
      });
    };
    checkout(first);
    expect(readdirSync(tree).toSorted()).toEqual([...NAMES, 'dos', 'link', 'tool'].toSorted());
    for (const each of NAMES) expect(readFileSync(join(tree, each), 'utf8')).toBe(`text of ${each}\n`);
    expect(readFileSync(join(tree, 'dos'), 'utf8')).toBe('a\r\nb\n$Id$\n');
    expect(lstatSync(join(tree, 'tool')).mode & 0o777).toBe(0o755);
    expect(lstatSync(join(tree, 'link')).isSymbolicLink()).toBe(true);

    checkout(second);
    expect(readFileSync(join(tree, 'wide.u16'), 'utf8')).toBe('plain');
    expect(readFileSync(join(tree, '-rf'), 'utf8')).toBe('text of -rf\n');
    expect(readdirSync(tree)).not.toContain('dos');
  });
});
