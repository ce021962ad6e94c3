import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { theLab } from '../../support/lab.js';
import { dotenvLine } from '../../../plugins/kit/src/dotenv/write.js';
import type { PlaceList, SyncResult } from '../../../src/lib/secrets/results.js';
import { GitHubServer, type Fault } from '../../support/github-server.js';
import { makeProject, type Project } from '../../support/project.js';
import { refusal } from '../../support/refusal.js';

const VALUES = { API_TOKEN: 'tok $x "y" \'z\' é😀', CERTIFICATE: 'line one\nline two\n', EMPTY_ELSEWHERE: 'x y z' };

describe('secrets:sync --to github', { timeout: 300_000 }, () => {
  let project: Project;
  let github: GitHubServer;
  let env: Record<string, string>;

  const sync = (...args: readonly string[]): Promise<SyncResult> =>
    project.json<SyncResult>(['secrets:sync', '--from', 'dotenv', '--to', 'github', ...args], { env });
  const statuses = ({ changes }: SyncResult): Record<string, string> =>
    Object.fromEntries(changes.map(({ name, status }) => [name, status]));

  beforeAll(() => {
    project = makeProject({
      lab: theLab(),
      app: 'secrets-gh',
      config: { secrets: { API_TOKEN: {}, CERTIFICATE: {}, EMPTY_ELSEWHERE: { required: false } } },
    });
    const lines = Object.entries(VALUES).map(([name, value]) => dotenvLine(name, value));
    project.write('.env', `${lines.join('\n')}\n`, 0o600);
    project.git('remote', 'add', 'origin', 'git@github.com:acme/shop.git');
  });
  afterAll(() => project.remove());
  beforeEach(async () => {
    github = new GitHubServer();
    env = {
      GITHUB_API_URL: await github.start(),
      GH_TOKEN: GitHubServer.TOKEN,
      ZEBU_STATE_DIR: `${project.folder}/.state-${Math.random()}`,
    };
  });
  afterEach(() => github.stop());

  it('adds, leaves unchanged, and rewrites what changed here or there', async () => {
    expect(statuses(await sync('--dry-run'))).toEqual({
      API_TOKEN: 'added',
      CERTIFICATE: 'added',
      EMPTY_ELSEWHERE: 'added',
    });
    expect(github.values()).toEqual({});
    await sync();
    expect(github.values()).toEqual(VALUES);
    const puts = github.requests.length;
    expect(statuses(await sync())).toEqual({
      API_TOKEN: 'unchanged',
      CERTIFICATE: 'unchanged',
      EMPTY_ELSEWHERE: 'unchanged',
    });
    expect(github.requests.slice(puts).filter((line) => line.startsWith('PUT'))).toEqual([]);
    github.store('repository', 'CERTIFICATE', 'typed into the web page');
    expect(statuses(await sync())).toMatchObject({ CERTIFICATE: 'changed', API_TOKEN: 'unchanged' });
    expect(github.values()).toEqual(VALUES);
  });

  it('writes to an environment with the environment’s own key', async () => {
    await sync('--set', 'secret_sources=[{use: dotenv}, {use: github, environment: production}]');
    expect(github.values('production')).toEqual(VALUES);
    expect(github.values()).toEqual({});
  });

  it('lists names and dates, and says that values cannot be read back', async () => {
    github.store('repository', 'API_TOKEN', 'there');
    github.store('repository', 'NPM_TOKEN', 'not ours');
    const { names, readable } = await project.json<PlaceList>(['secrets:list', '--in', 'github'], { env });
    expect(readable).toBe(false);
    expect(names).toEqual([
      { name: 'API_TOKEN', updatedAt: '2026-01-01T00:00:00.000Z', declared: true },
      { name: 'NPM_TOKEN', updatedAt: '2026-01-01T00:00:01.000Z', declared: false },
    ]);
    expect(await refusal(project, ['secrets:sync', '--from', 'github', '--to', 'dotenv'], { env })).toMatchObject({
      code: 'SECRET_STORE_REFUSED',
      message: expect.stringContaining('cannot be read back') as string,
    });
  });

  it('waits as long as GitHub asks, and then goes on', async () => {
    github.faults.push(
      { status: 502 },
      { status: 429, headers: { 'retry-after': '1' } },
      { status: 403, headers: { 'retry-after': '0' }, message: 'You have exceeded a secondary rate limit' },
    );
    await sync();
    expect(github.values()).toEqual(VALUES);
  });

  it.each<[string, Fault, number, string]>([
    ['401', { status: 401, message: 'Bad credentials' }, 4, 'GitHub does not accept the token (401): Bad credentials'],
    [
      '403',
      { status: 403, message: 'Resource not accessible' },
      4,
      'The token may not write secrets of acme/shop (403): Resource not accessible',
    ],
    ['404', { status: 404 }, 6, 'GitHub knows no acme/shop, or not for this token (404)'],
    ['422', { status: 422, message: 'bad key' }, 6, 'GitHub does not take it (422): bad key'],
    [
      '429 for longer than anybody waits',
      { status: 429, headers: { 'retry-after': '3000' } },
      6,
      'GitHub limits requests (429): no',
    ],
  ])('says what %s means, in one line', async (_, fault, exit, message) => {
    github.faults.push(fault);
    const run = await project.zebu(['secrets:sync', '--from', 'dotenv', '--to', 'github'], { env });
    expect(run.code).toBe(exit);
    expect(run.stderr.split('\n')[0]).toBe(`Error: ${message}`);
    expect(run.stdout + run.stderr).not.toContain(GitHubServer.TOKEN);
  });

  it('takes no value from a file that others can read', async () => {
    chmodSync(join(project.folder, '.env'), 0o644);
    const exposed = await refusal(project, ['secrets:sync', '--from', 'dotenv', '--to', 'github'], { env });
    chmodSync(join(project.folder, '.env'), 0o600);
    expect(exposed).toMatchObject({ code: 'SECRET_EXPOSED', hint: 'chmod 600 .env' });
    expect(github.requests).toEqual([]);
  });

  it('needs a token, and https for anything but this machine', async () => {
    const none = await project.zebu(['secrets:list', '--in', 'github'], {
      env: { ...env, GH_TOKEN: undefined, GITHUB_TOKEN: undefined },
    });
    expect([none.code, none.stderr.split('\n')[0]]).toEqual([3, 'Error: There is no token for GitHub']);
    const plain = await project.zebu(['secrets:list', '--in', 'github'], {
      env: { ...env, GITHUB_API_URL: 'http://example.org' },
    });
    expect(plain.code).toBe(3);
  });
});
