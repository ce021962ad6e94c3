/** The archive of `npm run pack -- --node`, run where there is no Node. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { ROOT } from '../../support/cli.js';

const top = mkdtempSync(join(tmpdir(), 'zebu-own-node-'));
afterAll(() => rmSync(top, { recursive: true, force: true }));
const at = (name: string): string => join(top, name);

describe('zebu with its own Node', { timeout: 300_000 }, () => {
  it('runs where there is no other, and is started through a link', () => {
    const platform = `${process.platform}-${process.arch}`;
    const packed = spawnSync(process.execPath, [`${ROOT}scripts/pack.ts`, '--node', platform], {
      cwd: ROOT,
      encoding: 'utf8',
      env: { ...process.env, PATH: `${dirname(process.execPath)}:${process.env['PATH'] ?? ''}` },
    });
    expect(packed.status, packed.stderr).toBe(0);
    const file = packed.stdout.trim();
    expect(basename(file)).toMatch(new RegExp(`^zebu-[\\d.]+-${platform}\\.tar\\.gz$`));
    expect(statSync(file).size).toBeLessThan(80e6);
    for (const name of ['home', 'archive', 'bin']) mkdirSync(at(name));
    expect(spawnSync('tar', ['-xzf', file, '-C', at('archive'), '--strip-components=1']).status).toBe(0);
    rmSync(file);
    symlinkSync(at('archive/bin/zebu'), at('zebu'));
    for (const each of ['sh', 'dirname', 'readlink']) symlinkSync(`/usr/bin/${each}`, at(`bin/${each}`));
    const run = (...args: readonly string[]): string => {
      const env = { HOME: at('home'), PATH: at('bin') };
      const { status, stdout, stderr } = spawnSync(at('zebu'), args, { cwd: at('home'), encoding: 'utf8', env });
      expect(status, stderr).toBe(0);
      return stdout;
    };
    expect(run('--version')).toMatch(/^zebu\/\d.* node-v/);
    expect(run('providers')).toContain('@zebu/plugin-transport-ssh');
  });
});
