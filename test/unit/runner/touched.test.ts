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

  // Busybox compares seconds: without a nap each deploy kept a processor busy for the rest of one.
  it('is not waited for with a processor, and not for ever where the clock stands still', () => {
    const script = `slept=0; sleep() { slept=$((slept + 1)); }
mark_checkout mark; touch -d "@$(($(date +%s) + 3600))" mark
pass_mark mark later; if [ -e mark ]; then echo there; else echo gone; fi; echo "$slept"`;
    const [mark, slept] = run(shell, folder(), script).split('\n');
    expect(mark).toBe('gone');
    expect(Number(slept)).toBeGreaterThan(50);
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
    const COMMIT = `git init -q tree; for each in a b d/c d/e/f d/h/i; do echo "$each" >"tree/$each"; done; ln -s a tree/link
cd tree; git add -A; git -c user.name=a -c user.email=a@b commit -qm one; cd ..; mv tree/.git repo.git
GIT_INDEX_FILE=index git --git-dir=repo.git --work-tree=tree read-tree --reset HEAD
GIT_INDEX_FILE=index git --git-dir=repo.git --work-tree=tree update-index -q --refresh
mark_checkout "$1/mark" "$(git --git-dir=repo.git rev-parse HEAD)"; pass_mark "$1/mark" later`;
    const list = (root: string, kind: string): readonly string[] =>
      [
        ...new Set(
          readFileSync(join(root, `list.${kind}`), 'utf8')
            .split('\0')
            .slice(0, -1),
        ),
      ].toSorted();

    it('is listed by name, whatever it is called', () => {
      const root = folder();
      mkdirSync(join(root, 'tree/d/h'));
      run(
        shell,
        root,
        `${COMMIT}; GIT_INDEX_FILE=index git --git-dir=repo.git ls-files -z >written
echo new >tree/b; echo x >"tree/d/e/new
line"; chmod 600 tree/d/c; rm tree/a; mkdir -p tree/d/.git tree/d/out/deep; echo y >tree/d/.git/config; chmod 700 tree/d/h
touch -r tree/d/e/f stamp; echo 'd/E/f' >tree/d/e/f; touch -r stamp tree/d/e/f
came_since "$1/mark" tree "$1/list" "$1/repo.git"; changed_files "$1/mark" tree "$1/list" "$1/repo.git" "$1/index" "$1/written"`,
      );
      // Of a folder that was changed all that is new, whose ever it is.
      expect(list(root, 'files')).toEqual(['b', 'd/c', 'd/e/f', 'd/e/new\nline']);
      expect(list(root, 'folders')).toEqual(['d', 'd/e', 'd/h']);
      expect([list(root, 'git'), list(root, 'new')]).toEqual([['d/.git'], ['d/out']]);
      expect(list(root, 'changed')).toEqual(['a', 'b', 'd/c', 'd/e/f']);
    });

    it('is told of what was written long ago by git, and of what is new by the mark', () => {
      const root = folder();
      mkdirSync(join(root, 'tree/d/h'));
      const told = (written: string): string => {
        run(
          shell,
          root,
          `printf '${written}' >written
changed_files "$1/mark" tree "$1/list" "$1/repo.git" "$1/index" "$1/written"`,
        );
        return list(root, 'changed').join(' ');
      };
      // Changed in the second in which git made it, with its time put back.
      run(shell, root, `${COMMIT}; chmod 666 tree/d/c`);
      expect(told(String.raw`b\0d/c\0gone\0`)).toBe('d/c');
      // A second later git sees it as well.
      run(shell, root, 'sleep 1.1; chmod 600 tree/d/e/f');
      expect(told(String.raw`b\0`)).toContain('d/e/f');
    });

    it.each([
      ['a link in the place of a folder', 'mv tree/d/e elsewhere; ln -s "$1/elsewhere" tree/d/e'],
      ['a folder that is gone', 'rm -r tree/d/e'],
      ['a folder of somebody else', 'chown nobody tree/d/e'],
      ['a commit that is not known', 'sed -i 2d mark'],
      ['a commit that is not there', 'sed -i "2s/.*/0123456789012345678901234567890123456789/" mark'],
    ])('cannot be told where there is %s', (_, harm) => {
      const root = folder();
      mkdirSync(join(root, 'tree/d/h'));
      expect(
        run(
          shell,
          root,
          `${COMMIT}; ${harm}; if came_since "$1/mark" tree "$1/list" "$1/repo.git"; then echo yes; else echo no; fi`,
        ),
      ).toBe('no');
    });
  },
);
