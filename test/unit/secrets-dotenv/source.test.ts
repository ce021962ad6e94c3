import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Sensitive, type SecretSource } from '../../../plugins/kit/src/index.js';
import { createConsole } from '../../../plugins/kit/src/console.js';
import { factory } from '../../../plugins/secrets-dotenv/src/index.js';
import { Capture } from '../../support/capture.js';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'zebu-dotenv-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const file = (): string => join(root, '.env');

function open(settings: Record<string, unknown> = {}): Promise<SecretSource> {
  const streams = { stdout: new Capture(), stderr: new Capture(), stdin: {} };
  return factory.open({
    io: createConsole({ ...streams, env: {}, json: false, debug: false }),
    signal: new AbortController().signal,
    settings: { use: 'dotenv', ...settings },
    env: () => undefined,
    root,
  });
}

async function read(source: SecretSource, ...names: string[]): Promise<Record<string, string>> {
  return Object.fromEntries([...(await source.read(names))].map(([name, value]) => [name, value.reveal()]));
}

describe('the dotenv source', () => {
  it('reads what is asked for, and nothing of a file that is not there', async () => {
    const source = await open();
    expect(await read(source, 'A')).toEqual({});
    writeFileSync(file(), 'A=1\nB=$A\n', { mode: 0o600 });
    expect(await read(source, 'A', 'B', 'C')).toEqual({ A: '1', B: '$A' });
    expect(await read(await open({ interpolate: true }), 'B')).toEqual({ B: '1' });
  });

  it('names file and line of what it cannot read, and no value', async () => {
    writeFileSync(file(), 'A=1\nhunter2\n', { mode: 0o600 });
    await expect((await open()).read(['A'])).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: '.env:2: expected NAME=value',
    });
  });

  it('refuses a file that is not UTF-8 instead of changing its values', async () => {
    writeFileSync(file(), Buffer.from([0x41, 0x3d, 0xff]), { mode: 0o600 });
    await expect((await open()).read(['A'])).rejects.toMatchObject({ message: '.env is not UTF-8 text' });
  });

  it('refuses a file others can read, naming the fix', async () => {
    writeFileSync(file(), 'A=1\n');
    chmodSync(file(), 0o640);
    await expect((await open()).read(['A'])).rejects.toMatchObject({ code: 'SECRET_EXPOSED', hint: 'chmod 600 .env' });
  });

  it('refuses a file git tracks, naming the fix', async () => {
    writeFileSync(file(), 'A=1\n', { mode: 0o600 });
    execFileSync('git', ['init', '-q'], { cwd: root });
    expect(await read(await open(), 'A')).toEqual({ A: '1' });
    execFileSync('git', ['add', '.env'], { cwd: root });
    const refused = { code: 'SECRET_EXPOSED', details: { problem: 'tracked' } };
    await expect((await open()).read(['A'])).rejects.toMatchObject(refused);
    await expect((await open()).write?.(new Map([['A', new Sensitive('2')]]))).rejects.toMatchObject(refused);
  });

  it('lets a file be everybody’s that has none of what is asked for', async () => {
    writeFileSync(file(), 'PORT=8080\nB=changethis\nC=\n');
    chmodSync(file(), 0o644);
    execFileSync('git', ['init', '-q'], { cwd: root });
    execFileSync('git', ['add', '.env'], { cwd: root });
    // Where secrets belong a template has nothing, or a placeholder, and the VM may have the value.
    expect(await read(await open(), 'A', 'B', 'C')).toEqual({});
    expect(await (await open()).settings?.()).toEqual(new Map());
  });

  it('is what a link leads to that git tracks, as long as it does not track that', async () => {
    execFileSync('git', ['init', '-q'], { cwd: root });
    writeFileSync(join(root, 'ours.conf'), 'A=1\n', { mode: 0o600 });
    symlinkSync('ours.conf', file());
    execFileSync('git', ['add', '.env'], { cwd: root });
    const source = await open();
    expect(await read(source, 'A')).toEqual({ A: '1' });
    expect([...((await source.settings?.()) ?? [])]).toEqual([['A', { value: '1', refersTo: [] }]]);
    execFileSync('git', ['add', 'ours.conf'], { cwd: root });
    await expect(source.read(['A'])).rejects.toMatchObject({ code: 'SECRET_EXPOSED' });
    expect([...((await source.settings?.()) ?? ['none'])]).toEqual([]);
  });

  it('writes owner-only, keeps comments, and leaves no other file behind', async () => {
    const source = await open();
    await source.write?.(new Map([['A', new Sensitive('one')]]));
    expect(statSync(file()).mode & 0o777).toBe(0o600);
    writeFileSync(file(), '# mine\nA=one # here\nB=2\n');
    await source.write?.(new Map([['A', new Sensitive('it’s\n$x')]]));
    await source.remove?.(['B', 'nothing']);
    expect(readFileSync(file(), 'utf8')).toBe("# mine\nA='it’s\n$x' # here\n");
    expect(readdirSync(root)).toEqual(['.env']);
  });
});
