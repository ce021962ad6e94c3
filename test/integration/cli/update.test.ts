/** The notice of a newer version as callers of every kind meet it. No registry is asked: `npm` is a script of the test. */
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ROOT } from '../../support/cli.js';
import { bareEnvironment, inMode, plain, type Mode } from '../../support/modes.js';

let top: string;
let bare: ReturnType<typeof bareEnvironment>;
let script: string;
beforeEach(() => {
  top = mkdtempSync(join(tmpdir(), 'zebu-update-'));
  for (const name of ['bin', 'cache/zebu', 'work']) mkdirSync(join(top, name), { recursive: true });
  bare = bareEnvironment();
  script = published(join(top, 'published'));
  npm(said('99.0.0'));
});
afterEach(() => {
  bare.remove();
  rmSync(top, { recursive: true, force: true });
});

const memory = (): string => join(top, 'cache/zebu/update.json');
const asked = (): boolean => existsSync(join(top, 'asked'));

const REPOSITORY = 'git+https://git.example.org/zebu/zebu.git';

/** As npm answers for a package of that repository. */
const said = (version: string, repository = REPOSITORY): string =>
  `echo '${JSON.stringify({ version, 'repository.url': repository, 'dist.integrity': 'sha512-AAAA' })}'`;

/** The checkout as it is when it was published: with where that was. @returns its start */
function published(folder: string, repository: string | undefined = REPOSITORY): string {
  mkdirSync(join(folder, 'bin'), { recursive: true });
  copyFileSync(`${ROOT}bin/run.js`, join(folder, 'bin/run.js'));
  for (const name of ['dist', 'node_modules', 'oclif.manifest.json', 'schema', 'templates'])
    symlinkSync(`${ROOT}${name}`, join(folder, name));
  const manifest = JSON.parse(readFileSync(`${ROOT}package.json`, 'utf8')) as object;
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ ...manifest, repository: { url: repository } }));
  return join(folder, 'bin/run.js');
}

function npm(answer: string): void {
  writeFileSync(join(top, 'bin/npm'), `#!/bin/sh\necho "$PWD $*" >"${top}/asked"\n${answer}\n`);
  chmodSync(join(top, 'bin/npm'), 0o755);
}

async function providers(mode: Mode, env: Readonly<Record<string, string>> = {}): Promise<string> {
  const run = await inMode(mode, ['providers'], {
    cwd: join(top, 'work'),
    script,
    env: {
      ...bare.env,
      NO_UPDATE_NOTIFIER: undefined,
      XDG_CACHE_HOME: join(top, 'cache'),
      PATH: `${join(top, 'bin')}:${process.env['PATH'] ?? ''}`,
      ...env,
    },
  });
  expect(run.code).toBe(0);
  return plain(run.stdout + run.stderr);
}

async function until(condition: () => boolean): Promise<void> {
  for (let tries = 0; !condition() && tries < 200; tries++) await new Promise((resolve) => setTimeout(resolve, 50));
  expect(condition()).toBe(true);
}

describe('a newer version', () => {
  it('is asked for behind the user’s back, and told at the next run, once', async () => {
    expect(await providers('terminal')).not.toContain('99.0.0');
    await until(() => existsSync(memory()) && readFileSync(memory(), 'utf8').includes('99.0.0'));
    expect(readFileSync(join(top, 'asked'), 'utf8')).toMatch(`${bare.env['HOME'] ?? ''} view zebu version `);
    expect(await providers('terminal')).toMatch(/\nzebu 99\.0\.0 is out, this is \d+\.\d+\.\d+: npm install .*\n$/);
    expect(await providers('terminal')).not.toContain('99.0.0');
  });

  it('does not hold a command up while the registry hangs, nor fail it when it refuses', async () => {
    npm(`sleep 5; ${said('99.0.0')}; touch "${top}/answered"`);
    expect(await providers('terminal')).not.toContain('is out');
    expect(existsSync(join(top, 'answered'))).toBe(false);
    await until(asked);
    rmSync(memory());
    npm('echo "npm error" >&2; exit 1');
    expect(await providers('terminal')).not.toMatch(/is out|npm error/);
    expect(JSON.parse(readFileSync(memory(), 'utf8'))).not.toHaveProperty('latest');
  });

  it('is none of ours where the registry has the name from somebody else, and none at all of a zebu that was not published', async () => {
    npm(said('99.0.0', 'git+https://git.example.org/other/zebu.git'));
    await providers('terminal');
    await until(asked);
    await until(() => existsSync(memory()));
    expect(await providers('terminal')).not.toContain('99.0.0');
    rmSync(join(top, 'asked'));
    rmSync(memory());
    script = `${ROOT}bin/run.js`;
    writeFileSync(memory(), '{"latest":"99.0.0"}');
    expect(await providers('terminal')).not.toContain('99.0.0');
    expect(asked()).toBe(false);
  });

  it.each<[string, Mode, Record<string, string>]>([
    ['in a pipe', 'pipe', {}],
    ['in CI', 'ci', {}],
    ['with --json', 'json', {}],
    ['on a terminal in CI', 'terminal', { CI: 'true' }],
    ['with NO_UPDATE_NOTIFIER', 'terminal', { NO_UPDATE_NOTIFIER: '1' }],
    ['with ZEBU_NO_UPDATE_NOTICE', 'terminal', { ZEBU_NO_UPDATE_NOTICE: '1' }],
    ['with events', 'terminal', { ZEBU_EVENTS: '1' }],
  ])('is neither told nor asked for %s', async (_, mode, env) => {
    writeFileSync(memory(), '{"latest":"99.0.0"}');
    expect(await providers(mode, env)).not.toContain('99.0.0');
    expect(readFileSync(memory(), 'utf8')).toBe('{"latest":"99.0.0"}');
    expect(asked()).toBe(false);
  });
});
