import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import GONE from '../../../src/lib/app-folder/gone.sh';
import TOUCHED from '../../../src/lib/runner/touched.sh';
import { gnuShells, runIn, vmShells, type VmShell } from '../../support/shells.js';

const folder = (): string => {
  const root = mkdtempSync(join(tmpdir(), 'zebu-touched-'));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  mkdirSync(join(root, 'tree/d/e'), { recursive: true });
  return root;
};

function run(shell: VmShell, root: string, script: string): string {
  const { stdout, stderr } = runIn(shell, `set -eu\numask 022\n${GONE}${TOUCHED}\ncd "$1"\n${script}`, {
    args: [root],
  });
  expect(stderr).toBe('');
  return stdout.trim();
}

// What is made of it is in checkout.test.ts and build-keys.test.ts.
describe.each(vmShells())('what was touched since a mark, in $name', { timeout: 60_000 }, (shell) => {
  it('has another time than the mark, however soon it is done', () => {
    const root = folder();
    expect(
      run(
        shell,
        root,
        `for n in 1 2 3 4 5 6 7 8 9 10; do
  echo a >tree/a; mark_checkout mark; pass_mark mark later; echo b >tree/a
  [ -z "$(find tree/a -newer mark)" ] || echo told
done | uniq -c | tr -d ' '`,
      ),
    ).toBe('10told');
  });

  it('cannot be told where the clock was set, or the machine started anew', () => {
    const root = folder();
    const known = (harm: string): string =>
      run(shell, root, `mark_checkout mark; ${harm}; if marks_time mark; then echo yes; else echo no; fi`);
    const touch = (hours: number): string => `touch -d "@$(($(date +%s) + ${hours * 3600}))" mark`;
    expect([':', touch(-1), touch(1), 'echo 999999999 >mark', 'rm mark'].map(known)).toEqual([
      'yes',
      'no',
      'no',
      'no',
      'no',
    ]);
  });
});

describe.each(gnuShells())(
  'what was touched since a mark, by the find of Debian, in $name',
  { timeout: 60_000 },
  (shell) => {
    it('is listed by name, whatever it is called, and the rest is counted', () => {
      const root = folder();
      const untouched = run(
        shell,
        root,
        `for each in a b d/c d/e/f; do echo "$each" >"tree/$each"; done; ln -s a tree/link
mark_checkout "$1/mark"; pass_mark "$1/mark" later
echo new >tree/b; echo x >"tree/d/e/new
line"; chmod 600 tree/d/c; mkdir tree/d/.git; echo y >tree/d/.git/config
touched_since "$1/mark" tree "$1/list"; echo "$untouched"`,
      );
      // a, d/e/f and the link.
      expect(untouched).toBe('3');
      const list = (kind: string): readonly string[] =>
        readFileSync(join(root, `list.${kind}`), 'utf8')
          .split('\0')
          .slice(0, -1)
          .toSorted();
      expect(list('files')).toEqual(['b', 'd/c', 'd/e/new\nline']);
      expect(list('folders')).toEqual(['d', 'd/e']);
      expect([list('git'), list('foreign')]).toEqual([['d/.git'], []]);
    });
  },
);
