/** The one file that `npm run pack` makes, installed where there is no registry. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
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
    for (const name of ['home', 'cache', 'prefix']) mkdirSync(at(name));
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

  it('says for what there is one', () => {
    const { status, stderr } = spawnSync(process.execPath, [`${ROOT}scripts/pack.ts`, '--node', 'windows'], {
      encoding: 'utf8',
    });
    expect([status, stderr]).toEqual([1, 'error: --node windows: there is linux-x64 and linux-arm64\n']);
  });
});
