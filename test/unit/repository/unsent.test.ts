import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { LocalGit } from '../../../src/lib/repository/git.js';
import { git } from '../../support/project.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'zebu-unsent-'));
  git(folder, 'init', '-q', '-b', 'main');
});
afterEach(() => rmSync(folder, { recursive: true }));

const write = (...paths: readonly string[]): void => {
  for (const path of paths) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), 'A=1\n');
  }
};

describe('env files that are not part of the commit', () => {
  it('are those that Compose files name, ignored or forgotten', async () => {
    write('committed.env', '.env.example', 'b/.env.sample', 'stacks/b/it');
    const services = [
      'env_file: [committed.env, .env.production, { path: ./local.env, required: false }, new.env, .env.example]',
      'env_file: ./back.end/.env',
    ];
    writeFileSync(
      join(folder, 'compose.yml'),
      `include: [stacks/b/compose.yml]\nservices:\n  ${services.join('\n  ')}\n`,
    );
    mkdirSync(join(folder, '.github/workflows'), { recursive: true });
    writeFileSync(join(folder, '.github/workflows/ci.yml'), 'run: cat ci.env\n');
    writeFileSync(join(folder, '.gitignore'), '.env\n.env.production\nlocal.env\nnode_modules/\n');
    git(folder, 'add', '-A');
    git(folder, 'commit', '-q', '-m', 'one');
    write('.env', '.env.production', 'local.env', 'new.env', 'ci.env', 'unnamed.env', 'node_modules/x/local.env');
    write('back.end/.env', 'other/.env', 'stacks/b/.env', 'docker/.env');
    const local = new LocalGit(folder, new AbortController().signal);
    const found = ['.env.production', 'back.end/.env', 'local.env', 'new.env', 'stacks/b/.env'];
    expect(await local.unsent('HEAD', [])).toEqual(found);
    expect(await local.unsent('HEAD', ['stacks/b/.env'])).toEqual(found.slice(0, -1));
  });

  it('are found in folders of any name that git does not keep, and not in those that it ignores', async () => {
    const odd = ['odd [x]*?', String.raw`back\slash`, 'new\nline', 'ünï', '-dash', 'part', 'kept/deep/er'];
    writeFileSync(join(folder, 'compose.yml'), 'env_file: [x/app.env, ./b/.env.local]\n');
    writeFileSync(join(folder, '.gitignore'), 'gone/\nall/*\n.env.local\npart/modules/\n');
    write('kept/file');
    git(folder, 'add', '-A');
    git(folder, 'commit', '-q', '-m', 'one');
    const expected = [...odd, 'all'].flatMap((each) => [`${each}/app.env`, `${each}/.env.local`]);
    write(...expected, 'gone/app.env', 'part/modules/app.env', 'all/in/app.env', 'kept/other.env');
    const found = await new LocalGit(folder, new AbortController().signal).unsent('HEAD', []);
    expect(found).toEqual(expected.toSorted());
  });

  it.each([
    ['the one at the top', 'env_file: .env\n', false],
    ['what is written for people to copy', 'command: cp .env.example x\n', false],
    ['something that only begins so', 'image: example/my.environment:1\n', false],
    ['one by its name', 'env_file: app.env\n', true],
    ['one with a word behind it', 'env_file: .env.production\n', true],
    ['one of a folder', 'env_file: back/.env\n', true],
    ['a part that may have one', 'include: [stack/compose.yaml]\n', true],
  ])('are looked for in all folders only where it may be named: %s', async (_, compose, looked) => {
    writeFileSync(join(folder, 'compose.yml'), compose);
    git(folder, 'add', '-A');
    git(folder, 'commit', '-q', '-m', 'one');
    write('.env', 'other/new.env');
    const log = join(folder, '.git', 'log');
    vi.stubEnv('GIT_TRACE2', log);
    try {
      expect(await new LocalGit(folder, new AbortController().signal).unsent('HEAD', [])).toEqual([]);
    } finally {
      vi.unstubAllEnvs();
    }
    expect(readFileSync(log, 'utf8').includes('ls-files')).toBe(looked);
  });
});
