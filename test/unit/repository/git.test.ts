import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { LocalGit } from '../../../src/lib/repository/git.js';
import { git } from '../../support/project.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'zebu-git-'));
  vi.stubEnv('HOME', join(folder, 'home'));
  vi.stubEnv('XDG_CONFIG_HOME', undefined);
  mkdirSync(join(folder, 'home'));
  mkdirSync(join(folder, 'app/below'), { recursive: true });
  git(join(folder, 'app'), 'init', '-q', '-b', 'main');
  writeFileSync(join(folder, 'app/below/compose.yml'), 'services: {}\n');
  commit();
});
afterEach(() => rmSync(folder, { recursive: true }));

function commit(): void {
  git(join(folder, 'app'), 'add', '-A');
  git(join(folder, 'app'), 'commit', '-q', '-m', 'one\n\nmore');
}

const open = (place = 'app/below'): LocalGit => new LocalGit(join(folder, place), new AbortController().signal);
const asks = (local: LocalGit) => local.resolve({ kind: 'branch', name: 'main' });

/** Names of what git is started for, in a `git` that keeps a list. */
function listed(): () => readonly string[] {
  const bin = join(folder, 'bin');
  const list = join(folder, 'list');
  const real = spawnSync('sh', ['-c', 'command -v git'], { encoding: 'utf8' }).stdout.trim();
  mkdirSync(bin);
  writeFileSync(join(bin, 'git'), `#!/bin/sh\necho "$*" >> '${list}'\nexec '${real}' "$@"\n`);
  chmodSync(join(bin, 'git'), 0o755);
  vi.stubEnv('PATH', `${bin}:${process.env['PATH'] ?? ''}`);
  return () =>
    readFileSync(list, 'utf8')
      .trim()
      .split('\n')
      .map((line) => line.split(' ').find((word) => /^[a-z]/.test(word)) ?? '')
      .toSorted();
}

describe('the git of this machine', () => {
  it('is not asked once more for Compose files that it has read', async () => {
    const programs = listed();
    const local = open();
    const { target } = await asks(local);
    await expect(local.sentCommit(target, ['below/compose.yml'])).resolves.toMatchObject({ lacking: [] });
    expect(programs()).toEqual(['config', 'grep', 'ls-tree', 'rev-list', 'rev-parse']);
  });

  it('is asked for one that says nothing of services, and for a link to one', async () => {
    writeFileSync(join(folder, 'app/below/more.yml'), 'volumes: {}\n');
    symlinkSync('compose.yml', join(folder, 'app/below/link.yml'));
    symlinkSync('below', join(folder, 'app/other'));
    commit();
    const local = open();
    const { target } = await asks(local);
    const all = ['below/compose.yml', 'below/more.yml', 'below/link.yml', 'other/compose.yml'];
    await expect(local.sentCommit(target, all)).resolves.toMatchObject({ lacking: ['other/compose.yml'] });
  });

  it('is started as often as it has to be for a deploy', async () => {
    const programs = listed();
    const local = open();
    const [{ target, prefix }] = await Promise.all([asks(local), local.userName()]);
    expect(prefix).toBe('below');
    expect(target.subject).toBe('one');
    const [sent] = await Promise.all([
      local.sentCommit(target, ['below/compose.yml', 'below/none.yml']),
      local.unsent(target.commit, []),
    ]);
    expect(sent).toEqual({ commit: target.commit, lacking: ['below/none.yml'] });
    expect(await local.known([target.commit, 'a'.repeat(40)])).toEqual([target.commit]);
    expect(programs()).toEqual(['cat-file', 'config', 'grep', 'ls-tree', 'ls-tree', 'rev-list', 'rev-parse']);
  });

  it('says who deploys, and which attributes there are, in any spelling of the file', async () => {
    const app = join(folder, 'app');
    git(app, 'config', 'user.name', 'Somebody Else');
    git(app, 'config', '--add', 'user.name', ' Ada Lovelace ');
    expect(await open().userName()).toBe('Ada Lovelace');
    for (const file of ['~/attributes', join(folder, 'home/attributes')]) {
      git(app, 'config', 'core.attributesFile', file);
      writeFileSync(join(folder, 'home/attributes'), '# *.txt eol=crlf\n');
      const { target } = await asks(open());
      expect((await open().sentCommit(target)).commit).toBe(target.commit);
      writeFileSync(join(folder, 'home/attributes'), '*.yml eol=crlf\n');
      expect((await open().sentCommit(target)).commit).not.toBe(target.commit);
    }
  });

  it('is asked of attributes and of env files in one walk, and takes neither for the other', async () => {
    const app = join(folder, 'app');
    writeFileSync(join(app, '.gitattributes'), '# crlf\n*.env text\n/deploy/.env.production binary\n');
    writeFileSync(join(app, 'below/compose.yml'), 'name: identity # crlf\nx-filter: [filter=a]\n');
    writeFileSync(join(app, '.gitignore'), '.env.production\n');
    commit();
    writeFileSync(join(app, '.env.production'), '');
    const { target } = await asks(open());
    expect((await open().sentCommit(target)).commit).toBe(target.commit);
    expect(await open().unsent(target.commit, [])).toEqual([]);
    writeFileSync(join(app, 'below/compose.yml'), "x: {y: 'z'} # identity\nenv_file: [../.env.production]\n");
    commit();
    expect(await open().unsent('HEAD', [])).toEqual(['.env.production']);
  });

  it('is not missed where there is no repository, or one without files', async () => {
    await expect(asks(open('home'))).rejects.toMatchObject({
      code: 'GIT_MISSING',
      message: `${join(folder, 'home')} is not in a git repository`,
    });
    git(folder, 'clone', '-q', '--bare', 'app', 'bare.git');
    const bare = open('bare.git');
    const { target, prefix } = await asks(bare);
    expect(prefix).toBe('');
    await expect(bare.unsent(target.commit, [])).rejects.toMatchObject({
      code: 'GIT_MISSING',
      message: 'git rev-parse failed: fatal: this operation must be run in a work tree',
    });
  });
});
