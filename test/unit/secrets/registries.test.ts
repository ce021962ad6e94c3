import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { commandLine, parseDotenv } from '@zebu/kit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadConfig } from '../../../src/lib/config/load.js';
import type { Context } from '../../../src/lib/context/context.js';
import { printedTokens, registryLogins } from '../../../src/lib/secrets/registries.js';

let root: string;
const masked: string[] = [];

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'zebu-registries-'));
  masked.length = 0;
});
afterEach(() => rmSync(root, { recursive: true }));

async function context(registries: string, signal = new AbortController().signal): Promise<Context> {
  writeFileSync(join(root, 'zebu.yml'), `app: { name: shop }\nsecrets: { TOKEN: {} }\nregistries:\n${registries}`);
  const loaded = await loadConfig({ cwd: root, env: {}, settings: [], warn: () => {} });
  const io = { mask: (value: string) => masked.push(value) };
  return { config: loaded.config, loaded, root, io, signal } as unknown as Context;
}

const refusal = (promise: Promise<unknown>): Promise<{ code: string; message: string; hint: string }> =>
  promise.then(
    () => expect.unreachable('should have been refused'),
    (error: unknown) => error as { code: string; message: string; hint: string },
  );

describe('the authority of a registry', () => {
  const entry = '  - host: r.example.org\n    user: ci\n    secret: TOKEN\n    ca_file: ca.pem\n';

  it('is what the file has of certificates, and nothing else', async () => {
    const made = spawnSync(
      'openssl',
      'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=a -keyout key.pem -out ca.pem'.split(' '),
      { cwd: root },
    );
    expect(made.status).toBe(0);
    const pem = readFileSync(join(root, 'ca.pem'), 'utf8');
    writeFileSync(join(root, 'ca.pem'), `words before\n${readFileSync(join(root, 'key.pem'), 'utf8')}${pem}\n${pem}`);
    const [login] = await registryLogins(await context(entry));
    expect(login).toEqual({
      host: 'r.example.org',
      user: 'ci',
      name: 'TOKEN',
      authority: `${pem.trimEnd()}\n${pem.trimEnd()}`,
    });
  });

  it.each([
    ['is not there', undefined, 'cannot be read (ENOENT)'],
    ['has none', 'hello\n', 'holds no certificate'],
    [
      'has a broken one',
      '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n',
      'holds no certificate that can be read',
    ],
  ])('is refused by file and line when the file %s', async (_, text, why) => {
    if (text !== undefined) writeFileSync(join(root, 'ca.pem'), text);
    const error = await refusal(registryLogins(await context(entry)));
    expect([error.code, error.message.replace(/^.*(?=zebu\.yml)/, '')]).toEqual([
      'CONFIG_INVALID',
      `zebu.yml:7: \`registries.0.ca_file\`: ca.pem ${why}`,
    ]);
  });
});

describe('a token that a command prints', () => {
  const entry = (...command: readonly string[]): string =>
    `  - { host: a.example.org, user: a, secret: TOKEN }\n  - { host: r.example.org, user: AWS, command: ${JSON.stringify(command)} }\n`;

  it('is masked, and handed on by the number of its registry', async () => {
    const made = await context(entry('sh', '-c', String.raw`pwd >&2; printf '%s\n' "it's \$TOKEN"; pwd >here`));
    const text = await printedTokens(made);
    expect(parseDotenv(text.replace(/^1=/, 'N='))).toEqual(new Map([['N', "it's $TOKEN"]]));
    expect(masked).toEqual(["it's $TOKEN"]);
    expect(readFileSync(join(root, 'here'), 'utf8')).toBe(`${root}\n`);
    const [, second] = await registryLogins(made);
    expect(second?.name).toBe('1');
  });

  it.each([
    [
      'ends badly',
      ['sh', '-c', 'echo a-token; echo first >&2; echo no session >&2; exit 3'],
      'sh ended with 3: no session',
    ],
    ['prints nothing', ['true'], 'true printed nothing'],
    ['is not there', ['no-such-program'], 'no-such-program cannot be run (ENOENT)'],
  ])('is refused, without a word of it, when the command %s', async (_, command, why) => {
    const error = await refusal(printedTokens(await context(entry(...command))));
    expect(error).toMatchObject({ code: 'REGISTRY_REFUSED', hint: `Run it here: ${commandLine(command)}` });
    expect(error.message).toBe(`There is no token for r.example.org: ${why}`);
    expect(error.message).not.toContain('a-token');
  });

  it('is not waited for once the command is stopped', async () => {
    const stop = new AbortController();
    const asked = printedTokens(await context(entry('sleep', '60'), stop.signal));
    setTimeout(() => stop.abort(new Error('stopped')), 100);
    expect(await refusal(asked)).toMatchObject({ message: 'stopped' });
  });
});
