import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
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
    expect(await local.unsent(await local.envFilesHere(), 'HEAD', [])).toEqual(found);
    expect(await local.unsent(await local.envFilesHere(), 'HEAD', ['stacks/b/.env'])).toEqual(found.slice(0, -1));
  });
});
