/** What help says is what oclif would have found, had it looked at all plugins. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Config } from '@oclif/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import ZebuHelp from '../../../src/lib/cli/help.js';
import { knownHelp } from '../../../src/lib/cli/known-help.js';

const root = fileURLToPath(new URL('../../..', import.meta.url)).replace(/\/$/, '');

class Told extends ZebuHelp {
  text = '';

  override log(...args: string[]): void {
    this.text += `${args.join(' ')}\n`;
  }
}

async function told(config: Config, argv: readonly string[]): Promise<string> {
  const help = new Told(config, { stripAnsi: true });
  await help.showHelp([...argv]);
  expect(help.text).toContain('USAGE');
  return help.text;
}

let data: string;
let looked: Config;
let known: Config;

beforeAll(async () => {
  data = mkdtempSync(join(tmpdir(), 'zebu-help-'));
  process.env['ZEBU_DATA_DIR'] = data;
  looked = await Config.load(root);
  const found = await knownHelp(['--help'], root);
  if (found === undefined) throw new Error('help of what comes with zebu is not known to the build');
  known = found.config;
}, 60_000);
afterAll(() => {
  delete process.env['ZEBU_DATA_DIR'];
  rmSync(data, { recursive: true, force: true });
});

describe('help that the build knows', () => {
  it('is that of zebu as a whole', async () => {
    expect(await told(known, [])).toBe(await told(looked, []));
  });

  it('is that of every topic', async () => {
    expect(known.topics.map(({ name }) => name).toSorted()).toEqual(looked.topics.map(({ name }) => name).toSorted());
    for (const { name } of looked.topics) expect(await told(known, [name])).toBe(await told(looked, [name]));
  });

  it('is that of every command, under each of its names', async () => {
    const names = looked.commands.flatMap(({ id, aliases, hiddenAliases }) => [
      id,
      ...aliases,
      ...(hiddenAliases ?? []),
    ]);
    expect(names.length).toBeGreaterThan(100);
    for (const name of names) expect(await told(known, [name])).toBe(await told(looked, [name]));
  });
});

describe('help that oclif has to look for', () => {
  it.each([[['app:status']], [['config:show', '--', '--help']]])('is none of %j', async (args) => {
    expect(await knownHelp(args, root)).toBeUndefined();
  });

  it('is all of it where a plugin is installed', async () => {
    writeFileSync(
      join(data, 'package.json'),
      JSON.stringify({ oclif: { plugins: [{ name: 'zebu-plugin-x', type: 'user' }] } }),
    );
    expect(await knownHelp(['--help'], root)).toBeUndefined();
  });
});
