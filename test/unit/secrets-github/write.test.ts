import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createConsole } from '../../../plugins/kit/src/console.js';
import { Sensitive, type SecretSource } from '../../../plugins/kit/src/index.js';
import { factory } from '../../../plugins/secrets-github/src/index.js';
import { repositoryOf } from '../../../plugins/secrets-github/src/place.js';
import { Capture } from '../../support/capture.js';
import { GitHubServer, type Fault } from '../../support/github-server.js';

const VALUES = { API_TOKEN: 'tok $x "y" \'z\' é😀', CERTIFICATE: 'line one\r\nline two\n' };

describe('writing to GitHub', () => {
  let github: GitHubServer;
  let url: string;
  beforeEach(async () => {
    github = new GitHubServer();
    url = await github.start();
  });
  afterEach(() => github.stop());

  const open = (settings: Record<string, unknown> = {}): Promise<SecretSource> => {
    const env: Record<string, string> = { GITHUB_API_URL: url, GH_TOKEN: GitHubServer.TOKEN };
    return factory.open({
      io: createConsole({
        stdout: new Capture(),
        stderr: new Capture(),
        stdin: {},
        env: {},
        json: false,
        debug: false,
      }),
      signal: new AbortController().signal,
      settings: { use: 'github', repository: 'acme/shop', ...settings },
      env: (name) => env[name],
      root: '/',
    });
  };
  const values = (all: Readonly<Record<string, string>>): ReadonlyMap<string, Sensitive> =>
    new Map(Object.entries(all).map(([name, value]) => [name, new Sensitive(value)]));
  const write = async (settings: Record<string, unknown> = {}): Promise<void> =>
    (await open(settings)).write?.(values(VALUES));

  it('seals for the repository, and for an environment with its own key', async () => {
    await write();
    await write({ environment: 'production' });
    expect([github.values(), github.values('production')]).toEqual([VALUES, VALUES]);
  });

  it('lists over several pages, and removes what is there or not', async () => {
    for (let n = 0; n < 230; n++) github.store('repository', `S${n}`, 'x');
    const source = await open();
    expect(await source.list?.()).toHaveLength(230);
    await source.remove?.(['S1', 'NOT_THERE']);
    expect(await source.list?.()).toHaveLength(229);
  });

  it('waits as GitHub asks, and then goes on', async () => {
    github.faults.push(
      { status: 429, headers: { 'retry-after': '0' } },
      { status: 403, headers: { 'retry-after': '0' }, message: 'You have exceeded a secondary rate limit' },
    );
    await write();
    expect(github.values()).toEqual(VALUES);
  });

  it.each<[Fault, string]>([
    [{ status: 401 }, 'AUTH_FAILED'],
    [{ status: 403 }, 'AUTH_FAILED'],
    [{ status: 404 }, 'SECRET_STORE_REFUSED'],
    [{ status: 422 }, 'SECRET_STORE_REFUSED'],
    [{ status: 429, headers: { 'retry-after': '3000' } }, 'SECRET_STORE_REFUSED'],
  ])('turns %j into %s at once', async (fault, code) => {
    github.faults.push(fault);
    await expect(write()).rejects.toMatchObject({ code });
    expect(github.requests).toHaveLength(1);
  });

  it('gives up on limits after a bounded number of tries', async () => {
    for (let n = 0; n < 20; n++) github.faults.push({ status: 429, headers: { 'retry-after': '0' } });
    await expect(write()).rejects.toMatchObject({ code: 'SECRET_STORE_REFUSED' });
    expect(github.requests).toHaveLength(5);
  });

  it('says what GitHub would refuse before anything is sent', async () => {
    const source = await open();
    await expect(source.write?.(values({ GITHUB_X: 'abc' }))).rejects.toMatchObject({ code: 'SECRET_STORE_REFUSED' });
    await expect(source.write?.(values({ BIG: 'x'.repeat(49_153) }))).rejects.toMatchObject({
      code: 'SECRET_STORE_REFUSED',
    });
    expect(github.requests).toEqual([]);
  });
});

describe('repositoryOf', () => {
  it.each([
    ['git@github.com:acme/shop.git', 'acme/shop'],
    ['https://github.com/acme/shop', 'acme/shop'],
    ['https://token@github.com/acme/shop.git/', 'acme/shop'],
    ['ssh://git@github.com:22/acme/shop.git', 'acme/shop'],
    ['/srv/git/shop.git', undefined],
  ])('reads %s as %s', (url, repository) => expect(repositoryOf(url)).toBe(repository));
});
