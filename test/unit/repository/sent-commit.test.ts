import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { LocalGit } from '../../../src/lib/repository/git.js';
import CHECKOUT from '../../../src/lib/runner/checkout.sh';

const ATTRIBUTES = '*.bin filter=lfs diff=lfs merge=lfs -text\n';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'zebu-whole-'));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

function git(where: string, args: readonly string[], input?: Buffer): string {
  const options = [
    'protocol.file.allow=always',
    'user.name=Ann',
    'user.email=ann@example.org',
    'init.defaultBranch=main',
  ];
  const all = [...options.flatMap((option) => ['-c', option]), '-C', join(folder, where), ...args];
  // Not what the machine has set up of Git LFS: the tests write what it would.
  const env = { ...process.env, GIT_CONFIG_NOSYSTEM: '1', GIT_CONFIG_GLOBAL: '/dev/null' };
  const { status, stdout, stderr } = spawnSync('git', all, { encoding: 'utf8', input, env });
  if (status !== 0) throw new Error(`git ${args.join(' ')}: ${stderr}`);
  return stdout.trim();
}

function write(path: string, content: Buffer | string): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), content);
}

/** A repository of its own with these files. */
function repository(name: string, files: Readonly<Record<string, string>>): void {
  mkdirSync(join(folder, name));
  git(name, ['init', '-q']);
  for (const [path, content] of Object.entries(files)) write(`${name}/${path}`, content);
  commit(name);
}

function commit(name: string): void {
  git(name, ['add', '--all']);
  git(name, ['commit', '-q', '-m', 'next']);
}

/** As Git LFS leaves it: the pointer in the commit, the contents in its store. @param store of the contents; none without */
function large(path: string, content: Buffer, store: string | undefined): void {
  const oid = createHash('sha256').update(content).digest('hex');
  write(path, `version https://git-lfs.github.com/spec/v1\noid sha256:${oid}\nsize ${content.length}\n`);
  if (store !== undefined) write(`${store}/lfs/objects/${oid.slice(0, 2)}/${oid.slice(2, 4)}/${oid}`, content);
}

const open = (name: string): LocalGit => new LocalGit(join(folder, name), new AbortController().signal);

async function whole(name: string): Promise<string> {
  const local = open(name);
  const { target } = await local.resolve({ kind: 'branch', name: 'main' });
  return (await local.sentCommit(target)).commit;
}

/** A file of what somebody has who was sent the commit. */
async function arrived(name: string, sent: string, ...paths: readonly string[]): Promise<readonly Buffer[]> {
  mkdirSync(join(folder, 'vm/tree'), { recursive: true });
  git('vm', ['init', '-q', '--bare', 'repo.git']);
  git('vm/repo.git', ['index-pack', '--stdin', '--fix-thin'], await open(name).packed(sent, []));
  const script = `set -eu\ncd "$1"${CHECKOUT}checkout_commit repo.git tree "$1/index" "$2"`;
  const { stderr } = spawnSync('sh', ['-c', script, '_', join(folder, 'vm'), sent], { encoding: 'utf8' });
  expect(stderr).toBe('');
  return paths.map((path) => readFileSync(join(folder, 'vm/tree', path)));
}

// Each starts git some dozen times.
describe('a commit as it is sent', { timeout: 60_000 }, () => {
  const image = Buffer.from([0, 255, 10, 13, 200, 1]);

  it('is the commit itself when it has all its files', async () => {
    repository('app', { 'compose.yml': 'services: {}\n', '.gitattributes': '*.png binary\n' });
    expect(await whole('app')).toBe(git('app', ['rev-parse', 'HEAD']));
  });

  it('says which files are no part of it, whatever they are called', async () => {
    const names = ['compose.yml', 'a/compose.yaml', 'odd\tname', 'back\\slash', ':(top)x', '*', 'é'];
    repository('app', Object.fromEntries(names.map((name) => [name, 'x'])));
    const local = open('app');
    const { target } = await local.resolve({ kind: 'branch', name: 'main' });
    const others = ['compose', 'a', 'a/', 'compose.yaml', 'name', '?', '../app/compose.yml', '..', '/etc/hosts'];
    expect((await local.sentCommit(target, [...names, ...others])).lacking).toEqual(others);
    expect((await local.sentCommit(target, ['..'])).lacking).toEqual(['..']);
    expect((await local.sentCommit(target)).lacking).toEqual([]);
  });

  it('has the files of submodules, and of submodules in them', async () => {
    repository('inner', { 'deep.txt': 'deep\n' });
    repository('lib', { 'lib.txt': 'one\n' });
    git('lib', ['submodule', 'add', '-q', join(folder, 'inner'), 'in ner']);
    commit('lib');
    repository('app', { 'compose.yml': 'services: {}\n' });
    git('app', ['submodule', 'add', '-q', join(folder, 'lib'), 'vendor/lib']);
    git('app', ['submodule', 'update', '-q', '--init', '--recursive']);
    commit('app');
    const sent = await whole('app');
    expect(git('app', ['rev-parse', `${sent}^`])).toBe(git('app', ['rev-parse', 'HEAD']));
    const [lib, deep] = await arrived('app', sent, 'vendor/lib/lib.txt', 'vendor/lib/in ner/deep.txt');
    expect([lib?.toString(), deep?.toString()]).toEqual(['one\n', 'deep\n']);
    // As in a hook of git.
    vi.stubEnv('GIT_DIR', join(folder, 'app/.git'));
    vi.stubEnv('GIT_INDEX_FILE', join(folder, 'app/.git/index'));
    expect(await whole('app')).toBe(sent);
    vi.unstubAllEnvs();
    // What the VM has already is recognised the next time.
    expect(await whole('app')).toBe(sent);
    expect(await open('app').known([sent])).toEqual([sent]);
    // And nothing of it shows in the repository.
    expect(git('app', ['status', '--porcelain'])).toBe('');
    expect(git('app', ['fsck', '--no-dangling'])).toBe('');
  });

  it('has what Git LFS keeps elsewhere, also for a submodule and below the top', async () => {
    repository('lib', { '.gitattributes': ATTRIBUTES });
    large('lib/model.bin', Buffer.concat([image, image]), undefined);
    commit('lib');
    repository('app', { 'site/compose.yml': 'services: {}\n', 'site/assets/.gitattributes': ATTRIBUTES });
    git('app', ['submodule', 'add', '-q', join(folder, 'lib'), 'vendor/lib']);
    large('app/site/assets/logo.bin', image, 'app/.git');
    large('app/vendor/lib/model.bin', Buffer.concat([image, image]), 'app/.git/modules/vendor/lib');
    write('app/site/assets/small.bin', 'committed as it is');
    write('app/site/notes.txt', 'version https://git-lfs.github.com/spec/v1\n');
    commit('app');
    const local = open('app/site');
    const { target, prefix } = await local.resolve({ kind: 'branch', name: 'main' });
    const { commit: sent, lacking } = await local.sentCommit(target, [
      'site/compose.yml',
      'vendor/lib/model.bin',
      'vendor/lib',
    ]);
    expect([prefix, lacking]).toEqual(['site', ['vendor/lib']]);
    const paths = ['site/assets/logo.bin', 'vendor/lib/model.bin', 'site/assets/small.bin'];
    expect(await arrived('app', sent, ...paths)).toEqual([
      image,
      Buffer.concat([image, image]),
      Buffer.from('committed as it is'),
    ]);
  });

  it('is refused when a submodule is not here', async () => {
    repository('lib', { 'lib.txt': 'one\n' });
    repository('app', { 'compose.yml': 'services: {}\n' });
    git('app', ['submodule', 'add', '-q', join(folder, 'lib'), 'vendor/lib']);
    commit('app');
    git('app', ['submodule', 'deinit', '-q', '-f', 'vendor/lib']);
    const lib = git('lib', ['rev-parse', 'HEAD']).slice(0, 7);
    await expect(whole('app')).rejects.toMatchObject({
      code: 'REPOSITORY_INCOMPLETE',
      message: `Commit ${lib} of the submodule vendor/lib, which main needs, is not on this machine`,
    });
    git('app', ['submodule', 'update', '-q', '--init']);
    const link = git('app', ['rev-parse', 'HEAD']);
    git('app', ['update-index', '--cacheinfo', `160000,${link},vendor/lib`]);
    git('app', ['commit', '-q', '-m', 'a commit that the submodule has not']);
    await expect(whole('app')).rejects.toMatchObject({ details: { submodule: 'vendor/lib', commit: link } });
  });

  it('is refused when Git LFS has not fetched it, or only a part', async () => {
    repository('app', { '.gitattributes': ATTRIBUTES });
    large('app/a.bin', image, undefined);
    large('app/b.bin', Buffer.from('whole'), 'app/.git');
    large('app/c.bin', Buffer.from('broken off'), 'app/.git');
    const oid = createHash('sha256').update('broken off').digest('hex');
    write(`app/.git/lfs/objects/${oid.slice(0, 2)}/${oid.slice(2, 4)}/${oid}`, 'broken');
    commit('app');
    await expect(whole('app')).rejects.toMatchObject({
      code: 'REPOSITORY_INCOMPLETE',
      message: 'What Git LFS keeps of a.bin and 1 more, which main needs, is not on this machine',
      details: { files: ['a.bin', 'c.bin'] },
    });
  });
});

describe('what a checkout makes of a commit', () => {
  /** The working tree of a clone that is set up as the repository is: what `docker compose` would mount there. */
  function checkedOut(name: string, paths: readonly string[]): readonly Buffer[] {
    git(name, ['checkout-index', '-f', '-a', `--prefix=${folder}/clone/`]);
    return paths.map((path) => readFileSync(join(folder, 'clone', path)));
  }

  const ROT = ['tr a-z n-za-m', 'tr a-z n-za-m'] as const;
  function filter(name: string, [clean, smudge]: readonly [string, string], driver = 'rot'): void {
    git(name, ['config', `filter.${driver}.clean`, clean]);
    git(name, ['config', `filter.${driver}.smudge`, smudge]);
  }

  it('is what arrives: filters, line endings, keywords, encodings', async () => {
    repository('app', { 'compose.yml': 'services: {}\n' });
    filter('app', ROT);
    write(
      'app/.gitattributes',
      'secrets/** filter=rot diff=rot\n*.bat text eol=crlf\n*.id ident\n*.u16 text working-tree-encoding=UTF-16LE\nall.* filter=rot text eol=crlf ident\nleft export-ignore\n',
    );
    write('app/secrets/app.conf', 'password = hello\n');
    write('app/run.bat', 'one\r\ntwo\r\n');
    write('app/a.id', '$Id$\n');
    write('app/a.u16', Buffer.from('h\u00e9\n', 'utf16le'));
    write('app/all.txt', 'hello $Id$\r\n');
    write('app/left', 'there\n');
    commit('app');
    const sent = await whole('app');
    const paths = ['secrets/app.conf', 'run.bat', 'a.id', 'a.u16', 'all.txt', 'left', '.gitattributes'];
    const there = checkedOut('app', paths);
    expect(there.slice(0, 2).map(String)).toEqual(['password = hello\n', 'one\r\ntwo\r\n']);
    expect(await arrived('app', sent, ...paths)).toEqual(there);
    expect(await whole('app')).toBe(sent);
    expect(git('app', ['status', '--porcelain'])).toBe('');
  });

  it('is made in a submodule with what is set up there', async () => {
    repository('lib', { '.gitattributes': '*.conf filter=rot\n', 'lib.conf': 'uryyb\n' });
    repository('app', { 'compose.yml': 'services: {}\n' });
    git('app', ['submodule', 'add', '-q', join(folder, 'lib'), 'vendor/lib']);
    commit('app');
    await expect(whole('app')).rejects.toMatchObject({
      code: 'REPOSITORY_INCOMPLETE',
      message: 'vendor/lib/lib.conf of main goes through the filter rot, which is not set up on this machine',
    });
    filter('app/vendor/lib', ROT);
    const [text] = await arrived('app', await whole('app'), 'vendor/lib/lib.conf');
    expect(String(text)).toBe('hello\n');
  });

  it('may be said by this clone alone', async () => {
    repository('app', { 'compose.yml': 'services: {}\n', 'a.conf': 'uryyb\n' });
    filter('app', ROT);
    write('app/.git/info/attributes', '*.conf filter=rot\n');
    const [text] = await arrived('app', await whole('app'), 'a.conf');
    expect(String(text)).toBe('hello\n');
  });

  it('is refused by name where a filter is missing or fails', async () => {
    repository('app', { 'compose.yml': 'services: {}\n', '.gitattributes': '*.conf filter=rot\n', 'a.conf': 'x\n' });
    await expect(whole('app')).rejects.toMatchObject({
      code: 'REPOSITORY_INCOMPLETE',
      message: 'a.conf of main goes through the filter rot, which is not set up on this machine',
      details: { file: 'a.conf', filter: 'rot' },
    });
    filter('app', ['cat', 'false']);
    await expect(whole('app')).rejects.toMatchObject({
      code: 'REPOSITORY_INCOMPLETE',
      message: expect.stringContaining('a.conf') as string,
    });
    git('app', ['config', '--unset', 'filter.rot.smudge']);
    expect(await whole('app')).toBe(git('app', ['rev-parse', 'HEAD']));
  });
});
