import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { descriptorCases } from '../../../plugins/kit/src/conformance/descriptor.js';
import { secretSourceCases } from '../../../plugins/kit/src/conformance/secrets.js';
import dotenvHook from '../../../plugins/secrets-dotenv/src/hook.js';
import { factory as dotenv } from '../../../plugins/secrets-dotenv/src/index.js';
import { parseSettings } from '../../../plugins/secrets-dotenv/src/settings.js';
import { usualSettings } from '../../../plugins/secrets-dotenv/src/usual-settings.js';
import githubHook from '../../../plugins/secrets-github/src/hook.js';
import { factory as github } from '../../../plugins/secrets-github/src/index.js';
import commandHook from '../../../examples/plugins/secrets-command/src/hook.js';
import { factory as command } from '../../../examples/plugins/secrets-command/src/source.js';

const root = mkdtempSync(join(tmpdir(), 'zebu-sources-'));
afterAll(() => rmSync(root, { recursive: true }));
const present = { DB_PASSWORD: 'correct horse', API_KEY: 'with $dollar and # and =' };
const absent = 'NOT_THERE';

describe('dotenv', () => {
  writeFileSync(join(root, '.env'), "DB_PASSWORD='correct horse'\nAPI_KEY='with $dollar and # and ='\n", {
    mode: 0o600,
  });
  writeFileSync(join(root, 'broken.env'), "DB_PASSWORD='correct horse\n", { mode: 0o600 });
  const cases = [
    ...descriptorCases(dotenvHook),
    ...secretSourceCases({ factory: dotenv, root, present, absent, broken: { file: 'broken.env' } }),
  ];
  for (const { name, run } of cases) it(name, run);

  const SETTINGS = [
    { use: 'dotenv' },
    { use: 'dotenv', file: '.env.ci', interpolate: true },
    { use: 'dotenv', file: undefined, interpolate: undefined },
  ];
  it.each(SETTINGS)('takes %j at once for what the schema takes it for', (settings) => {
    expect(usualSettings(settings)).toStrictEqual(parseSettings(settings));
  });

  const REFUSED = [
    { file: '.env' },
    { use: 'dotenv', file: '' },
    { use: 'dotenv', file: null },
    { use: 'dotenv', interpolate: 'yes' },
    { use: 'dotenv', files: '.env' },
  ];
  it.each(REFUSED)('leaves %j to the schema, which refuses it in words', async (settings) => {
    expect(usualSettings(settings)).toBeUndefined();
    const signal = new AbortController().signal;
    await expect(dotenv.open({ root, settings, env: {}, signal } as never)).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringMatching(/^secret_sources: dotenv: ./) as string,
    });
  });
});

describe('github', () => {
  const env = { ZEBU_SECRETS: JSON.stringify(present) };
  const cases = [...descriptorCases(githubHook), ...secretSourceCases({ factory: github, root, env, present, absent })];
  for (const { name, run } of cases) it(name, run);
});

describe('the example that asks a command', () => {
  const script = join(root, 'pass');
  writeFileSync(
    script,
    `#!/bin/sh\ncase $2 in shop/DB_PASSWORD) echo 'correct horse' ;; shop/API_KEY) echo 'with $dollar and # and =' ;; shop/BROKEN) exit 2 ;; *) echo "$2 is not in the password store" >&2; exit 1 ;; esac\n`,
    { mode: 0o755 },
  );
  const settings = { command: [script, 'show', 'shop/{name}'] };
  const broken = { command: [script, 'show', 'shop/BROKEN', '{name}'] };
  const cases = [
    ...descriptorCases(commandHook),
    ...secretSourceCases({ factory: command, root, settings, present, absent, broken }),
  ];
  for (const { name, run } of cases) it(name, run);
});
