import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { SecretSource } from '../../../plugins/kit/src/index.js';
import { createConsole } from '../../../plugins/kit/src/console.js';
import { factory } from '../../../plugins/secrets-dotenv/src/index.js';
import { Capture } from '../../support/capture.js';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'zebu-settings-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const file = (): string => join(root, '.env');
const open = (): Promise<SecretSource> =>
  factory.open({
    io: createConsole({ stdout: new Capture(), stderr: new Capture(), stdin: {}, env: {}, json: false, debug: false }),
    signal: new AbortController().signal,
    settings: { use: 'dotenv' },
    env: (name) => (name === 'OUTSIDE' ? 'world' : undefined),
    root,
  });

async function settings(): Promise<Record<string, readonly [value: string, refersTo: readonly string[]]> | undefined> {
  const found = await (await open()).settings?.();
  return found && Object.fromEntries([...found].map(([name, each]) => [name, [each.value, each.refersTo] as const]));
}

describe('settings in .env', () => {
  it('are all it holds, read as Compose reads it, with what they refer to', async () => {
    writeFileSync(file(), 'export A=1 # one\nB="x\ny ${A}"\nC=\'$A\'\nD=${OUTSIDE:-x}\nE=a#b\n');
    expect(await settings()).toEqual({
      A: ['1', []],
      B: ['x\ny 1', ['A']],
      C: ['$A', []],
      D: ['world', ['OUTSIDE']],
      E: ['a#b', []],
    });
  });

  it('are not known without the file, nor where its name is that of a folder', async () => {
    expect(await settings()).toBeUndefined();
    mkdirSync(file());
    expect(await settings()).toBeUndefined();
  });

  it('need not be kept from others, for nothing of them is secret', async () => {
    writeFileSync(file(), 'A=1\n', { mode: 0o644 });
    expect(await settings()).toEqual({ A: ['1', []] });
  });

  it('are none where the file is part of the commit: Compose finds it there', async () => {
    writeFileSync(file(), 'A=1\n');
    execFileSync('git', ['init', '-q'], { cwd: root });
    expect(await settings()).toEqual({ A: ['1', []] });
    execFileSync('git', ['add', '.env'], { cwd: root });
    expect(await settings()).toEqual({});
  });

  it('say file and line of what is wrong, and no value', async () => {
    writeFileSync(file(), 'A=1\nB=${C:?set C}\n');
    await expect(settings()).rejects.toMatchObject({ code: 'CONFIG_INVALID', message: '.env:2: B: C: set C' });
  });
});
