import { describe, expect, it } from 'vitest';
import { factory } from '../../../plugins/secrets-github/src/index.js';
import { createConsole } from '../../../plugins/kit/src/console.js';
import { Capture } from '../../support/capture.js';

async function read(env: Record<string, string>, names: readonly string[]): Promise<Record<string, string>> {
  const io = createConsole({
    stdout: new Capture(),
    stderr: new Capture(),
    stdin: {},
    env: {},
    json: false,
    debug: false,
  });
  const source = await factory.open({
    io,
    signal: new AbortController().signal,
    settings: { use: 'github' },
    env: (name) => env[name] || undefined,
    root: '/',
  });
  return Object.fromEntries([...(await source.read(names))].map(([name, value]) => [name, value.reveal()]));
}

describe('the github source', () => {
  it('reads ZEBU_SECRETS, and single variables before it', async () => {
    const env = { ZEBU_SECRETS: '{"A":"from all","B":"b","TOKEN":""}', A: 'own' };
    expect(await read(env, ['A', 'B', 'b', 'TOKEN', 'C'])).toEqual({ A: 'own', B: 'b', b: 'b' });
  });

  it('refuses a ZEBU_SECRETS that is no JSON object, without showing it', async () => {
    await expect(read({ ZEBU_SECRETS: 'hunter2' }, ['A'])).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
    await expect(read({ ZEBU_SECRETS: 'hunter2' }, ['A'])).rejects.not.toThrow(/hunter2/);
  });
});
