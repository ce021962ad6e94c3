import { randomBytes } from 'node:crypto';
import { chmodSync, readFileSync } from 'node:fs';
import { parseDotenv } from '../../../plugins/kit/src/dotenv/parse.js';
import { dotenvLine } from '../../../plugins/kit/src/dotenv/write.js';
import { parse, stringify } from 'yaml';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { theLab } from '../../support/lab.js';
import type {
  ChangedSecrets,
  SecretVersionSummary,
  SecretsList,
  SyncResult,
} from '../../../src/lib/secrets/results.js';
import type { DeployResult } from '../../../src/lib/deploy/results.js';
import { guestShell, type Shell } from '../../support/guest-shell.js';
import { makeProject, type Project } from '../../support/project.js';
import { refusal, type Refusal } from '../../support/refusal.js';
import { onTerminal } from '../../support/terminal.js';
import { APP_FILES, DECLARED } from './app.js';

const STORE = '/opt/zebu/secrets-a/shared/secrets';
/** Everything a shell, a dotenv file, YAML and Compose could trip over. */
const ODD = ` lead $HOME $\${X} "double" 'single' \`tick\` \\back\\ #hash %25 é😀\ttab\r\nsecond line\n\nend\\`;
const CERTIFICATE = ['-----BEGIN X-----', randomBytes(30).toString('base64'), '-----END X-----', ''].join('\n');

describe('secrets of an app', { timeout: 600_000 }, () => {
  let project: Project;
  const first = {
    API_TOKEN: `tok-${randomBytes(12).toString('base64url')}`,
    CERTIFICATE,
    ODD,
    PEPPER: 'pep-1-of-the-test',
  };

  const writeEnv = (values: Readonly<Record<string, string>>): void => {
    const lines = Object.entries(values).map(([name, value]) => dotenvLine(name, value));
    project.write('.env', `# kept by hand\n${lines.join('\n')}\n`, 0o600);
    chmodSync(`${project.folder}/.env`, 0o600);
  };
  let guest: Shell;
  const inVm = (line: string): Promise<string> => guest.later(line);
  const inContainer = (service: string, name: string): Promise<string> =>
    inVm(`docker exec secrets-a-${service}-1 sh -c 'printf %s "$${name}"' | base64 -w 0`);
  const container = (service: string): Promise<string> =>
    inVm(`docker inspect --format '{{.Id}}' secrets-a-${service}-1`);
  const digests = async (): Promise<Record<string, string | null>> => {
    const { secrets } = await project.json<SecretsList>(['secrets:list']);
    return Object.fromEntries(secrets.map(({ name, digest }) => [name, digest]));
  };
  const refused = (args: readonly string[], stdin?: string): Promise<Refusal> =>
    refusal(project, args, stdin === undefined ? {} : { stdin });

  beforeAll(async () => {
    project = makeProject({
      lab: theLab(),
      app: 'secrets-a',
      files: APP_FILES,
      config: { deploy: { stability: 1, timeout: 90 }, secrets: DECLARED },
    });
    chmodSync(`${project.folder}/.zebu/hooks/pre-build`, 0o755);
    writeEnv(first);
    project.release('v1');
    const { ip } = await project.json<{ ip: string }>(['vm:create']);
    guest = guestShell(ip, project.key);
  });
  afterAll(async () => {
    if (process.env['ZEBU_TEST_KEEP'] === undefined) await project.zebu(['vm:destroy', '--yes']);
    project.remove();
  });

  it('stops before anything changes, naming every missing, empty and placeholder value at once', async () => {
    writeEnv({ API_TOKEN: 'your_api_key_here', PEPPER: '' });
    const error = await refused(['app:deploy', '--tag', 'v1']);
    expect(error).toMatchObject({ code: 'SECRET_MISSING', exit: 6 });
    expect(error.message).toBe('No value for API_TOKEN (still a placeholder in .env)');
    expect(await inVm('ls /opt/zebu 2>/dev/null || true')).toBe('');
    writeEnv(first);
  });

  it('brings every value into its container byte for byte, and makes those that are to be made', async () => {
    const preview = await project.json<SyncResult>(['secrets:diff']);
    expect(Object.fromEntries(preview.changes.map(({ name, status }) => [name, status]))).toEqual({
      API_TOKEN: 'added',
      CERTIFICATE: 'added',
      ODD: 'added',
      PEPPER: 'added',
      SESSION_KEY: 'generated',
      DB_PASSWORD: 'generated',
    });
    await project.json(['app:deploy', '--tag', 'v1']);
    for (const name of ['API_TOKEN', 'CERTIFICATE', 'ODD'] as const) {
      expect(Buffer.from(await inContainer('api', name), 'base64').toString()).toBe(first[name]);
    }
    expect(Buffer.from(await inContainer('db', 'DB_PASSWORD'), 'base64').toString()).toMatch(/^[A-Za-z0-9]{32}$/);
    expect(
      (await inVm(`stat -c '%a %n' ${STORE} ${STORE}/*`))
        .trim()
        .split('\n')
        .map((line) => line.slice(0, 3)),
    ).toEqual(['700', ...Array.from({ length: 3 }, () => '600')]);
  });

  it('lists where each is set and which services use it, as Compose sees it', async () => {
    const { secrets } = await project.json<SecretsList>(['secrets:list']);
    const used = Object.fromEntries(secrets.map(({ name, usedBy, state }) => [name, [state, ...(usedBy ?? ['?'])]]));
    expect(used).toEqual({
      API_TOKEN: ['live', 'api'],
      CERTIFICATE: ['live', 'api'],
      ODD: ['live', 'api'],
      PEPPER: ['live'],
      SESSION_KEY: ['live'],
      DB_PASSWORD: ['live', 'db'],
    });
  });

  it('keeps every byte through redeploys, with and without the sources, and makes no new version', async () => {
    const before = await inVm(`sha256sum ${STORE}/1.env`);
    const redeploys = Number(process.env['ZEBU_TEST_REDEPLOYS'] ?? 3);
    for (let n = 0; n < redeploys; n++) {
      if (n % 2 === 1) project.write('.env', '', 0o600);
      else writeEnv(first);
      await project.json(['app:deploy', '--tag', 'v1']);
    }
    writeEnv(first);
    expect(await inVm(`sha256sum ${STORE}/*.env`)).toBe(before);
  });

  it('does not let a source change what the data was made with', async () => {
    writeEnv({ ...first, PEPPER: 'another pepper', DB_PASSWORD: 'typed by hand' });
    const error = await refused(['app:deploy', '--tag', 'v1']);
    expect(error).toMatchObject({ code: 'SECRET_PROTECTED', exit: 6 });
    expect(error.message).toContain('PEPPER (.env), DB_PASSWORD (.env)');
    expect(await refused(['secrets:sync'])).toMatchObject({ code: 'SECRET_PROTECTED' });
    expect(await refused(['secrets:set', 'PEPPER'], 'x y z')).toMatchObject({ code: 'SECRET_PROTECTED' });
    expect(await refused(['secrets:rotate', 'PEPPER'])).toMatchObject({ code: 'SECRET_PROTECTED' });
    expect(await refused(['secrets:generate', 'SESSION_KEY'])).toMatchObject({ code: 'SECRET_PROTECTED' });
    writeEnv(first);
  });

  it('rotates what the data must follow, recreating only what uses it', async () => {
    const [api, db, idle] = [await container('api'), await container('db'), await container('idle')];
    const old = await inContainer('db', 'DB_PASSWORD');
    const rotated = await project.json<ChangedSecrets>(['secrets:rotate', 'DB_PASSWORD']);
    expect(rotated).toMatchObject({ version: 2, applied: true, services: ['db'] });
    const now = await inContainer('db', 'DB_PASSWORD');
    expect(now).not.toBe(old);
    expect(await inVm('docker exec secrets-a-db-1 base64 -w 0 /data/password')).toBe(now);
    expect([await container('api'), await container('idle')]).toEqual([api, idle]);
    expect(await container('db')).not.toBe(db);
  });

  it('ends a rotation that breaks the app with the old value live, and exit status 7', async () => {
    const before = await digests();
    const [api, idle] = [await inContainer('api', 'API_TOKEN'), await container('idle')];
    const error = await refused(['secrets:rotate', 'API_TOKEN', '--stdin'], 'broken-value-1\n');
    expect(error).toMatchObject({ code: 'DEPLOY_RESTORED', exit: 7 });
    expect(error.message).toContain('The app does not work with the new API_TOKEN');
    expect(await inContainer('api', 'API_TOKEN')).toBe(api);
    expect(await container('idle')).toBe(idle);
    expect(await digests()).toEqual(before);
    expect(await project.json<{ healthy: boolean }>(['app:status'])).toMatchObject({ healthy: true });
  });

  it('sets a value for the next deploy, and rolls values back as a new version', async () => {
    await project.json(['secrets:set', 'ODD'], { stdin: 'set by hand\n' });
    const { secrets } = await project.json<SecretsList>(['secrets:list']);
    expect(secrets.find(({ name }) => name === 'ODD')).toMatchObject({ state: 'next' });
    const back = await project.json<ChangedSecrets>(['secrets:rollback', '2']);
    expect(back).toMatchObject({ names: ['ODD'], version: 4, applied: true });
    expect(Buffer.from(await inContainer('api', 'ODD'), 'base64').toString()).toBe(ODD);
    const { versions } = await project.json<{ versions: SecretVersionSummary[] }>(['secrets:history']);
    expect(versions.map(({ version, why, changed }) => [version, why, ...changed])).toEqual([
      [4, 'rollback', 'ODD'],
      [3, 'set', 'ODD'],
      [2, 'rotate', 'DB_PASSWORD'],
      [1, 'deploy'],
    ]);
  });

  it('brings back the values of a release with it, except what the data was made with', async () => {
    const password = await inContainer('db', 'DB_PASSWORD');
    const { releases } = await project.json<{ releases: { id: string }[] }>(['app:releases']);
    writeEnv({ ...first, API_TOKEN: 'the token of v2' });
    project.release('v2');
    await project.json(['app:deploy', '--tag', 'v2']);
    expect(Buffer.from(await inContainer('api', 'API_TOKEN'), 'base64').toString()).toBe('the token of v2');
    await project.json(['secrets:rotate', 'DB_PASSWORD']);
    const rotated = await inContainer('db', 'DB_PASSWORD');
    expect(rotated).not.toBe(password);
    await project.json(['app:rollback', releases[0]?.id ?? '']);
    expect(Buffer.from(await inContainer('api', 'API_TOKEN'), 'base64').toString()).toBe(first.API_TOKEN);
    expect(await inContainer('db', 'DB_PASSWORD')).toBe(rotated);
  });

  it('does not let a deploy or a rollback bring back what was rotated', async () => {
    const token = async (): Promise<string> => Buffer.from(await inContainer('api', 'API_TOKEN'), 'base64').toString();
    const { releases } = await project.json<{ releases: { id: string }[] }>(['app:releases']);
    writeEnv({ ...first, API_TOKEN: 'edited before the deploy' });
    const deployed = await project.json<DeployResult>(['app:deploy', '--tag', 'v2']);
    expect(deployed.secrets).toEqual([{ name: 'API_TOKEN', status: 'changed' }]);
    // Whoever issued it knows the next one: nothing is made up unasked.
    const unasked = await refused(['secrets:rotate', 'API_TOKEN']);
    expect(unasked).toMatchObject({ code: 'USAGE', exit: 2 });
    expect(unasked.hint).toContain('--stdin');

    const rotated = await project.json<ChangedSecrets>(['secrets:rotate', 'API_TOKEN', '--generate']);
    expect(rotated.sources).toEqual([{ where: '.env', names: ['API_TOKEN'], written: false }]);
    const fresh = await token();
    expect(fresh).toMatch(/^[A-Za-z0-9]{32}$/);
    for (const args of [['app:deploy', '--tag', 'v2'], ['app:deploy', '--tag', 'v2', '--dry-run'], ['secrets:sync']]) {
      const error = await refused(args);
      expect(error).toMatchObject({ code: 'SECRET_OUTDATED', exit: 6 });
      expect(error.message).toMatch(/API_TOKEN in \.env \(rotated on \d{4}-\d\d-\d\d \d\d:\d\d UTC by /);
    }
    const preview = await project.json<SyncResult>(['secrets:diff']);
    expect(preview.changes.find(({ name }) => name === 'API_TOKEN')).toMatchObject({ status: 'outdated' });
    expect(await token()).toBe(fresh);

    const again = await project.json<ChangedSecrets>(['secrets:rotate', 'API_TOKEN', '--generate', '--write-back']);
    expect(again.sources).toEqual([{ where: '.env', names: ['API_TOKEN'], written: true }]);
    const newest = await token();
    expect(newest).not.toBe(fresh);
    const dotenv = readFileSync(`${project.folder}/.env`, 'utf8');
    expect(dotenv).toContain('# kept by hand\n');
    expect(parseDotenv(dotenv).get('API_TOKEN')).toBe(newest);
    expect(await project.json<DeployResult>(['app:deploy', '--tag', 'v2'])).toMatchObject({ secrets: [] });

    // A release from before any of it: the key that was withdrawn does not come back with it.
    await project.json(['app:rollback', releases[0]?.id ?? '']);
    expect(await token()).toBe(newest);
    const { secrets } = await project.json<SecretsList>(['secrets:list']);
    expect(secrets.find(({ name }) => name === 'API_TOKEN')).toMatchObject({ state: 'live' });

    // What is edited after that is newer.
    writeEnv({ ...first, API_TOKEN: 'edited after the rotation' });
    await project.json(['app:deploy', '--tag', 'v2']);
    expect(await token()).toBe('edited after the rotation');
    await project.json(['app:rollback', releases[0]?.id ?? '']);
    expect(await token()).toBe('edited after the rotation');
    await project.json(['app:deploy', '--tag', 'v2']);
  });

  it('shows a value only where it is asked for', async () => {
    expect(await refused(['secrets:get', 'API_TOKEN'])).toMatchObject({ code: 'USAGE', exit: 2 });
    const run = await project.zebu(['secrets:get', 'ODD', '--reveal']);
    expect(run.stdout).toBe(`${ODD}\n`);
  });

  it('asks on a terminal whether the source is to have the new value, too', async () => {
    const set = async (typed: string, answer: string): Promise<string> => {
      const { code, screen } = await onTerminal(['secrets:set', 'ODD'], {
        cwd: project.folder,
        env: project.env,
        keys: [
          ['Value of ODD', `${typed}\r`],
          ['Once more', `${typed}\r`],
          ['Write the new value there', answer],
        ],
      });
      expect(code, screen).toBe(0);
      expect(screen).not.toContain(typed);
      return screen;
    };
    const inDotenv = (): string | undefined => parseDotenv(readFileSync(`${project.folder}/.env`, 'utf8')).get('ODD');
    expect(await set('typed at the terminal 1', '\r')).toContain('.env has the new value of ODD, too');
    expect(inDotenv()).toBe('typed at the terminal 1');
    expect(await set('typed at the terminal 2', 'n\r')).toContain('.env still has the older value of ODD');
    expect(inDotenv()).toBe('typed at the terminal 1');
    await project.json(['secrets:sync', '--from', 'vm', '--to', 'dotenv']);
    expect(inDotenv()).toBe('typed at the terminal 2');
  });

  it('refuses a build argument that carries a secret, with the reason', async () => {
    project.write('compose.override.yml', 'services: { api: { build: { args: { TOKEN: "x-${API_TOKEN}" } } } }\n');
    project.release('v3');
    const error = await refused(['app:deploy', '--tag', 'v3', '--set', 'app.compose=compose.yml,compose.override.yml']);
    expect(error.exit).toBe(6);
    expect(error.message).toContain('API_TOKEN is handed to the build of api');
  });

  it('removes what is no longer declared only when asked and agreed', async () => {
    const config = parse(readFileSync(`${project.folder}/zebu.yml`, 'utf8')) as Record<string, unknown>;
    project.write('zebu.yml', stringify({ ...config, secrets: { API_TOKEN: {} } }));
    const kept = await project.json<SyncResult>(['secrets:sync']);
    expect(kept.changes.find(({ name }) => name === 'ODD')).toMatchObject({ status: 'stale' });
    expect(await refused(['secrets:sync', '--prune'])).toMatchObject({ code: 'NEEDS_CONFIRMATION' });
    const removed = await project.json<SyncResult>(['secrets:sync', '--prune', '--yes']);
    expect(removed.changes.filter(({ status }) => status === 'removed')).toHaveLength(5);
    expect(await refused(['secrets:get', 'ODD', '--reveal'])).toMatchObject({
      code: 'SECRET_UNKNOWN',
      message: 'The VM has no value for ODD',
    });
  });
});
