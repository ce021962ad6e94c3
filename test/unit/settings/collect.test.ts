import { Sensitive, type SecretSource, type Setting } from '@zebu/kit';
import { afterAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { configSchema } from '../../../src/lib/config/schema.js';
import type { Context } from '../../../src/lib/context/context.js';
import type { CollectedSecrets } from '../../../src/lib/secrets/collect.js';
import { SETTINGS_RULE } from '../../../src/lib/settings/sentence.js';

let sources: readonly Partial<SecretSource>[] = [];
// Files share what they import: this one takes its own, and leaves none of it to the next.
vi.resetModules();
vi.doMock('../../../src/lib/secrets/sources.js', () => ({ openSources: async () => sources }));
const { collectSettings } = await import('../../../src/lib/settings/collect.js');
afterAll(() => {
  vi.doUnmock('../../../src/lib/secrets/sources.js');
  vi.resetModules();
});

const said: string[] = [];
beforeEach(() => said.splice(0));

function context(config: Record<string, unknown> = {}): Context {
  const say = (text: string): void => void said.push(text);
  return {
    config: configSchema.parse({ app: { name: 'shop' }, ...config }),
    io: { warn: say, note: say },
  } as unknown as Context;
}

const secrets = (values: Record<string, string> = {}): CollectedSecrets => ({
  values: new Map(Object.entries(values).map(([name, value]) => [name, new Sensitive(value)])),
  origins: new Map(),
  unusable: new Map(),
});

/** A place that holds these values; a list names what each refers to. */
function holding(values: Record<string, string>, refersTo: Record<string, readonly string[]> = {}): void {
  const settings = new Map<string, Setting>(
    Object.entries(values).map(([name, value]) => [name, { value, refersTo: refersTo[name] ?? [] }]),
  );
  sources = [{ where: 'the environment' }, { where: '.env', settings: async () => settings }];
}

const commit = (named: readonly string[], envFile = false) => ({
  mentions: async () => ({ named: new Set(named), envFile }),
});

describe('settings of .env', () => {
  it('are all that is no declared secret, nor about this machine or of zebu', async () => {
    holding({
      API_KEY: 'x',
      LOG_LEVEL: 'debug',
      EMPTY: '',
      DOCKER_HOST: 'ssh://x',
      ZEBU_APP_NAME: 'y',
      COMPOSE_PROFILES: 'a',
    });
    const found = await collectSettings(
      context({ secrets: { API_KEY: {} } }),
      commit([]),
      'c',
      secrets({ API_KEY: 'x' }),
    );
    expect(found).toEqual(
      new Map([
        ['LOG_LEVEL', 'debug'],
        ['EMPTY', ''],
        ['COMPOSE_PROFILES', 'a'],
      ]),
    );
    expect(said).toEqual([]);
  });

  it('are not known where there is no such file', async () => {
    sources = [{ where: '.env', settings: async () => undefined }];
    expect(await collectSettings(context(), commit([]), 'c', secrets())).toBeUndefined();
  });

  it('name the files that Compose would take, and zebu does not', async () => {
    holding({ COMPOSE_FILE: 'a.yml:b.yml' });
    expect(await collectSettings(context(), commit([]), 'c', secrets())).toEqual(new Map());
    expect(said).toEqual([expect.stringContaining('app.compose in zebu.yml names the files')]);
  });

  it('of this machine are named where the commit asks for them', async () => {
    holding({ DOCKER_HOST: 'tcp://dind:2376', DOCKER_CONTEXT: 'x', COMPOSE_PROJECT_NAME: 'shop' });
    expect(await collectSettings(context(), commit(['DOCKER_HOST']), 'c', secrets())).toEqual(new Map());
    expect(said.splice(0)).toEqual([expect.stringMatching(/^DOCKER_HOST in \.env is about this machine and not sent/)]);
    holding({ COMPOSE_PROJECT_NAME: 'other' });
    await collectSettings(context(), commit([]), 'c', secrets());
    expect(said).toEqual([expect.stringContaining('the project is called shop')]);
  });

  it('have no secret in them where the secret is a word', async () => {
    const values = { DB_PASSWORD: 'postgres', DB_USERNAME: 'postgres', DB_DATA_LOCATION: './postgres' };
    holding(values);
    const { DB_PASSWORD, ...others } = values;
    const config = context({ secrets: { DB_PASSWORD: {} } });
    const asked = commit(Object.keys(values), true);
    expect(await collectSettings(config, asked, 'c', secrets({ DB_PASSWORD }))).toEqual(
      new Map(Object.entries(others)),
    );
  });

  it('that look like secrets and that the commit asks for are refused, all at once, without a value', async () => {
    holding({ DB_PASSWORD: 'hunter2', STRIPE_KEY: 'value-of-it', LOG_LEVEL: 'x' });
    const refused = collectSettings(context(), commit(['DB_PASSWORD', 'STRIPE_KEY']), 'c', secrets());
    await expect(refused).rejects.toMatchObject({
      code: 'SECRET_UNDECLARED',
      message: 'DB_PASSWORD, STRIPE_KEY in .env: secrets that zebu.yml does not declare',
      hint: `${SETTINGS_RULE} Declare them (secrets: { DB_PASSWORD: {}, STRIPE_KEY: {} }), or list what everybody may see (settings: [DB_PASSWORD, STRIPE_KEY]).`,
    });
    const error = await refused.catch((problem: unknown) => problem);
    expect(JSON.stringify(error)).not.toMatch(/hunter2|value-of-it/);
  });

  it('that look like secrets stay at home where nothing asks for them, and it is said', async () => {
    holding({ AWS_SECRET: 'for my tools', LOG_LEVEL: 'x' });
    expect(await collectSettings(context(), commit([]), 'c', secrets())).toEqual(new Map([['LOG_LEVEL', 'x']]));
    expect(said).toEqual([expect.stringMatching(/Left at home.*AWS_SECRET/)]);
    await expect(collectSettings(context(), commit([], true), 'c', secrets())).rejects.toMatchObject({
      code: 'SECRET_UNDECLARED',
    });
  });

  it('are plain where zebu.yml says so', async () => {
    holding({ WIDGET_KEY: 'for everybody' });
    expect(
      await collectSettings(context({ settings: ['WIDGET_KEY'] }), commit(['WIDGET_KEY']), 'c', secrets()),
    ).toEqual(new Map([['WIDGET_KEY', 'for everybody']]));
  });

  it('never hold the value of a declared secret, by reference or by chance', async () => {
    const declared = context({ secrets: { PIN: {}, PHRASE: {} }, settings: ['URL', 'COPY'] });
    const values = secrets({ PIN: '1234', PHRASE: 'open sesame' });
    holding({ URL: 'http://x:1234/' }, { URL: ['PIN'] });
    await expect(collectSettings(declared, commit(['URL']), 'c', values)).rejects.toMatchObject({
      message: 'URL (has the value of PIN in it) in .env: secrets that zebu.yml does not declare',
    });
    holding({ COPY: 'say open sesame' });
    await expect(collectSettings(declared, commit(['COPY']), 'c', values)).rejects.toThrow(
      'has the value of PHRASE in it',
    );
    // A short value is in many others by chance.
    holding({ URL: 'http://x:1234/' });
    expect(await collectSettings(declared, commit(['URL']), 'c', values)).toEqual(new Map([['URL', 'http://x:1234/']]));
  });
});
