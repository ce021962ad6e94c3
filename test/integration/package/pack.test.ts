/** The one file that `npm run pack` makes: installed where there is no registry, and run where there is no Node. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ROOT } from '../../support/cli.js';
import { npm } from '../../support/packed.js';

const MEGABYTE = 1e6;

describe('zebu as one file', { timeout: 300_000 }, () => {
  let top: string;
  const at = (name: string): string => join(top, name);
  const files: string[] = [];

  const pack = (...args: readonly string[]): string => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [`${ROOT}scripts/pack.ts`, ...args], {
      cwd: ROOT,
      encoding: 'utf8',
      env: { ...process.env, PATH: `${dirname(process.execPath)}:${process.env['PATH'] ?? ''}` },
    });
    expect(status, stderr).toBe(0);
    const file = stdout.trim();
    files.push(file);
    return file;
  };
  /** Starts it in an empty home; what it says. */
  const run = (program: string, path: string, ...args: readonly string[]): string => {
    const env = { HOME: at('home'), PATH: path };
    const { status, stdout, stderr } = spawnSync(program, args, { cwd: at('home'), encoding: 'utf8', env });
    expect(status, stderr).toBe(0);
    return stdout;
  };

  beforeAll(() => {
    top = mkdtempSync(join(tmpdir(), 'zebu-pack-'));
    for (const name of ['home', 'cache', 'prefix', 'archive']) mkdirSync(at(name));
  });
  afterAll(() => {
    rmSync(top, { recursive: true, force: true });
    for (const file of files) rmSync(file, { force: true });
  });

  it('is installed by npm without a registry, plugins and manual included', () => {
    const file = pack();
    expect(statSync(file).size).toBeLessThan(12 * MEGABYTE);
    npm(['install', '--global', '--prefix', at('prefix'), '--offline', '--cache', at('cache'), file], {
      cwd: at('home'),
    });
    const path = `${dirname(process.execPath)}:/usr/bin:/bin`;
    expect(run(at('prefix/bin/zebu'), path, '--version')).toMatch(/^zebu\/\d/);
    const { result } = JSON.parse(run(at('prefix/bin/zebu'), path, 'providers', '--json')) as {
      result: { providers: readonly { id: string }[]; problems: readonly unknown[] };
    };
    expect(result.providers.map(({ id }) => id).toSorted()).toEqual(['api', 'dotenv', 'env', 'github', 'ssh']);
    expect(result.problems).toEqual([]);
    expect(run(at('prefix/bin/zebu'), path, 'lab:up', '--help')).toContain('$ zebu lab:up');
    expect(existsSync(at('prefix/share/man/man1/zebu.1'))).toBe(true);
  });

  it('brings its own Node where it is to, and is started through a link', () => {
    const platform = `${process.platform}-${process.arch}`;
    const file = pack('--node', platform);
    expect(basename(file)).toMatch(new RegExp(`^zebu-[\\d.]+-${platform}\\.tar\\.gz$`));
    expect(statSync(file).size).toBeLessThan(80 * MEGABYTE);
    expect(spawnSync('tar', ['-xzf', file, '-C', at('archive'), '--strip-components=1']).status).toBe(0);
    symlinkSync(at('archive/bin/zebu'), at('zebu'));
    // No Node there.
    mkdirSync(at('bin'));
    for (const each of ['sh', 'dirname', 'readlink']) symlinkSync(`/usr/bin/${each}`, at(`bin/${each}`));
    expect(run(at('zebu'), at('bin'), '--version')).toMatch(/^zebu\/\d.* node-v/);
    expect(run(at('zebu'), at('bin'), 'providers')).toContain('@zebu/plugin-transport-ssh');
  });

  it('says for what there is one', () => {
    const { status, stderr } = spawnSync(process.execPath, [`${ROOT}scripts/pack.ts`, '--node', 'windows'], {
      encoding: 'utf8',
    });
    expect([status, stderr]).toEqual([1, 'error: --node windows: there is linux-x64 and linux-arm64\n']);
  });
});
