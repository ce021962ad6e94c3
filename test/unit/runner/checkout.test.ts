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
import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import { quote } from '@zebu/kit';
import GONE from '../../../src/lib/app-folder/gone.sh';
import CHECKOUT from '../../../src/lib/runner/checkout.sh';
import { gnuShells, runIn, someIn, vmShells } from '../../support/shells.js';

const NAMES = ['-rf', 'a b', '$(id)', "it's", 'q"q', 'new\nline', 'é', '.hidden'];

interface Repository {
  readonly root: string;
  readonly git: string;
  readonly commits: readonly string[];
}

let first: Repository | undefined;
afterAll(() => {
  if (first !== undefined) rmSync(first.root, { recursive: true, force: true });
});

/** A repository whose second commit differs from the first in every way, and a folder for more. Nobody writes to the repository. */
function repository(): Repository {
  const root = mkdtempSync(join(tmpdir(), 'zebu-checkout-'));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  return { ...(first ??= made()), root };
}

function made(): Repository {
  const root = mkdtempSync(join(tmpdir(), 'zebu-checkout-'));
  const script = `cd ${quote(root)}; umask 022; git init -q work; cd work
seq 1 50 | while read -r n; do mkdir -p d$((n % 5)); echo "file $n" >d$((n % 5))/$n; done
echo one >changed; echo x >tool; chmod 755 tool; ln -s tool link; echo f >file-then-folder; mkdir folder-then-file gone; echo a >folder-then-file/a; echo g >gone/g; echo same >same
git add -A; git commit -qm one; git rev-parse HEAD
echo two >changed; chmod 644 tool; ln -sf changed link; rm -r file-then-folder folder-then-file gone; mkdir file-then-folder; echo b >file-then-folder/b; echo c >folder-then-file; echo new >d1/new
git add -A; git commit -qm two; git rev-parse HEAD`;
  const env = {
    ...process.env,
    GIT_AUTHOR_NAME: 'a',
    GIT_AUTHOR_EMAIL: 'a@b',
    GIT_COMMITTER_NAME: 'a',
    GIT_COMMITTER_EMAIL: 'a@b',
  };
  const { stdout, stderr, status } = spawnSync('sh', ['-eu', '-c', script], { encoding: 'utf8', env });
  if (status !== 0) throw new Error(stderr);
  return { root, git: join(root, 'work/.git'), commits: stdout.trim().split('\n') };
}

/** Everything of a folder: names, types, modes, owners, contents. */
const whole = (folder: string): string =>
  spawnSync(
    'sh',
    [
      '-c',
      'cd "$1" && find . -printf "%p %y %m %u %l\\n" | sort && find . -type f -exec sha256sum {} + | sort',
      '_',
      folder,
    ],
    {
      encoding: 'utf8',
    },
  ).stdout;

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
      expect(runIn(shell, `set -eu\n${GONE}${CHECKOUT}\ncheckout_commit ${words}`, { env })).toEqual({
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

  it('are the same when they are made of those of a release that is gone, whatever was done to them', () => {
    const { root, git, commits } = repository();
    const [first = '', second = ''] = commits;
    const junk = `cd "$1/spare/tree"
touch -r same stamp; printf 'evil\\n' >same; touch -r stamp same; rm stamp
echo more >>d1/1; chmod 666 d1/6; chmod 755 d1/16; chmod 777 d2; rm d2/2; rm -r d3; echo x >d3; ln -sf /etc/passwd d4/4
mkdir -p untracked/deep empty; echo u >untracked/deep/u; echo build >busybox; git init -q nested; echo n >nested/n; echo 'busybox' >.gitignore
rm folder-then-file/a; ln -s .. folder-then-file/a`;
    const run = (script: string): unknown =>
      runIn(shell, `set -eu\numask 022\n${GONE}${CHECKOUT}\n${script}`, { args: [root] });
    const good = { code: 0, stdout: '', stderr: '' };
    for (const commit of [second, first]) {
      const there = join(root, `releases/${commit}`);
      expect(
        run(`rm -rf "$1/repo.git" "$1/spare" "$1/fresh"; cp -a ${quote(git)} "$1/repo.git"
place_commit "$1" "$1/spare" ${first}
mkdir "$1/fresh"; checkout_commit "$1/repo.git" "$1/fresh" "$1/fresh-index" ${commit}; rm "$1/fresh-index"
pass_mark "$1/spare/mark" "$1/later"; rm "$1/later"
( ${junk} )
inode=$(stat -c %i "$1/spare/tree/d1/11")
place_commit "$1" ${quote(there)} ${commit}
[ "$(stat -c %i ${quote(there)}/tree/d1/11)" = "$inode" ]
[ ! -e "$1/spare" ]`),
      ).toEqual(good);
      expect(whole(join(there, 'tree'))).toBe(whole(join(root, 'fresh')));
    }
  });

  it('are made from nothing where a folder is another one than git makes, or the rest is not whole', () => {
    const { root, git, commits } = repository();
    const [first = '', second = ''] = commits;
    for (const harm of [
      'chown nobody "$1/spare/tree/d1" 2>/dev/null || :',
      'echo no >"$1/spare/index"',
      'rm "$1/spare/index"',
      'rm -r "$1/spare/tree"',
      ': >"$1/spare/index.lock"',
    ]) {
      const { code } = runIn(
        shell,
        `set -eu\numask 022\n${GONE}${CHECKOUT}
rm -rf "$1/repo.git" "$1/spare" "$1/fresh" "$1/r"; cp -a ${quote(git)} "$1/repo.git"
place_commit "$1" "$1/spare" ${first}
mkdir "$1/fresh"; checkout_commit "$1/repo.git" "$1/fresh" "$1/fresh-index" ${second}; rm "$1/fresh-index"
${harm}
place_commit "$1" "$1/r" ${second}`,
        { args: [root] },
      );
      expect([harm, code]).toEqual([harm, 0]);
      expect(whole(join(root, 'r/tree'))).toBe(whole(join(root, 'fresh')));
    }
  });
});

// By GNU's find, which every Debian has; elsewhere git looks.
describe.each(gnuShells())('the files of a large repository, by their mark, in $name', { timeout: 60_000 }, (shell) => {
  /** Does something to the files of the first commit, and makes those of the second of them: whether the mark was enough. */
  const byMark = (done: string): boolean => {
    const { root, git, commits } = repository();
    const [first = '', second = ''] = commits;
    const { stdout, stderr } = runIn(
      shell,
      `set -eu\numask 022\n${GONE}${CHECKOUT}
large_index=0
cp -a ${quote(git)} "$1/repo.git"
place_commit "$1" "$1/spare" ${first}
mkdir "$1/fresh"; checkout_commit "$1/repo.git" "$1/fresh" "$1/fresh-index" ${second}
pass_mark "$1/spare/mark" "$1/later"
( cd "$1/spare/tree"; ${done} )
if update_touched "$1/repo.git" "$1/spare/tree" "$1/spare/index" ${second} "$1/spare/mark" "$1/spare/written" >&2; then echo enough; fi`,
      { args: [root] },
    );
    expect(stderr).toBe('');
    if (stdout === 'enough\n') {
      expect(whole(join(root, 'spare/tree'))).toBe(whole(join(root, 'fresh')));
      // What git has noted of them is true: nothing differs for it either.
      const status = spawnSync(
        'git',
        [
          `--git-dir=${join(root, 'repo.git')}`,
          `--work-tree=${join(root, 'spare/tree')}`,
          'status',
          '-z',
          '--porcelain',
        ],
        { encoding: 'utf8', env: { ...process.env, GIT_INDEX_FILE: join(root, 'spare/index') } },
      ).stdout.split('\0');
      expect(status.filter((line) => /^.[^ ]/.test(line))).toEqual([]);
    }
    return stdout === 'enough\n';
  };

  it.each(
    someIn(shell, [
      ['nothing', ':'],
      ['files beside them', `echo b >busybox; echo s >d1/'a b'; printf x >'new\nline'; ln -s / -- -rf`],
      ['whole folders beside them', 'mkdir -p d1/out/deep empty; echo u >d1/out/deep/u; git init -q nested'],
      ['changes that keep time and size', 'touch -r same stamp; echo evil >same; touch -r stamp same; rm stamp'],
      ['other modes', 'chmod 666 d1/6; chmod 755 d1/16; chmod 777 d2; chmod 700 .'],
      ['another name besides, and none again', 'ln d1/1 ../other; ln same ../another; rm ../another'],
      ['a file that is gone', 'rm d2/2'],
    ]),
  )('are made by it after %s', (_, done) => expect(byMark(done)).toBe(true));

  it.each(
    someIn(shell, [
      ['a folder that is gone', 'rm -r d3'],
      ['a folder that is called otherwise', 'mv d1 d9'],
      ['a folder in another', 'mkdir out; mv d1 out/d1'],
      ['two that have changed places', 'mv d1 x; mv d2 d1; mv x d2'],
      ['a folder of another owner', 'chown nobody d1'],
      ['a clock that was set back', 'echo evil >same; touch -d "+1 hour" ../mark'],
      ['a machine that was started anew', 'echo 999999999 >../mark'],
      ['a mark that says nothing', ': >../mark'],
    ]),
  )('are left to git after %s', (_, done) => expect(byMark(done)).toBe(false));
});
