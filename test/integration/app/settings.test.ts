import { rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { theLab } from '../../support/lab.js';
import type { DeployResult } from '../../../src/lib/deploy/results.js';
import { makeBaseImage } from '../../support/base-image.js';
import { guestShell, type Shell } from '../../support/guest-shell.js';
import { makeProject, type Project } from '../../support/project.js';

const COMPOSE = `services:
  web:
    image: base:1
    restart: unless-stopped
    stop_signal: SIGKILL
    env_file: [{ path: .env, required: false }]
    environment: { LEVEL: "\${LOG_LEVEL:-info}", KEY: "\${API_KEY}", UNSET: "x\${NOT_DECLARED}y", REF: "\${ZEBU_REF:+there}" }
    volumes: ["./.env:/app/.env:ro"]
  extra: { image: "base:1", profiles: [extra], stop_signal: SIGKILL }
  stamp: { image: "base:1", command: ["true"] }
`;
const KEY = `pa$$w#rd with 'q' $HOME`;

describe('settings in .env', { timeout: 300_000 }, () => {
  let project: Project;
  let guest: Shell;
  let count = 0;

  const variable = (name: string): string =>
    guest.run(
      `docker inspect --format '{{range .Config.Env}}{{println .}}{{end}}' settings-web-1 | sed -n 's/^${name}=//p'`,
    );
  const commit = (): string => {
    const tag = `t${++count}`;
    project.release(tag);
    return tag;
  };
  const deploy = (...more: string[]): Promise<DeployResult> => project.json(['app:deploy', '--tag', commit(), ...more]);
  const said = async (id: string): Promise<string> => (await project.zebu(['app:logs', '--release', id])).stdout;
  const env = (text: string): void => project.write('.env', `API_KEY="${KEY}"\n${text}`, 0o600);

  beforeAll(async () => {
    project = makeProject({
      lab: theLab(),
      app: 'settings',
      files: { 'compose.yml': COMPOSE, '.gitignore': '.env\n' },
      config: {
        deploy: { stability: 1, timeout: 60 },
        secrets: { API_KEY: {}, PORT: { required: false }, DB_NAME: { required: false } },
      },
    });
    const { ip } = await project.json<{ ip: string }>(['vm:create']);
    guest = guestShell(ip, project.key);
    makeBaseImage(guest);
  });
  afterAll(async () => {
    await project.zebu(['vm:destroy', '--yes']);
    project.remove();
  });

  it('go with the release, and the plan shows them', async () => {
    env('LOG_LEVEL=debug\nGREETING="two\nlines, ${LOG_LEVEL}"\nCOMPOSE_PROFILES=extra\n');
    const { plan } = await deploy('--dry-run');
    expect(plan?.settings.map(({ name, status }) => [name, status])).toEqual([
      ['COMPOSE_PROFILES', 'added'],
      ['GREETING', 'added'],
      ['LOG_LEVEL', 'added'],
    ]);
    const { release } = await deploy();
    expect([variable('LEVEL'), variable('LOG_LEVEL'), variable('KEY'), variable('UNSET')]).toEqual([
      'debug',
      'debug',
      KEY,
      'xy',
    ]);
    expect(guest.run('docker exec settings-web-1 cat /app/.env')).toContain("LOG_LEVEL='debug'");
    expect(guest.run('docker ps --format {{.Names}}')).toContain('settings-extra-1');
    expect(await said(release)).toContain('settings of .env: added LOG_LEVEL, GREETING, COMPOSE_PROFILES');
    // Of the secret there is nothing in the release.
    expect(guest.run(`grep -rlF "with 'q'" /opt/zebu/settings/releases || true`)).toBe('');
  });

  it('that change or go are told by name, and come back with a rollback', async () => {
    env('LOG_LEVEL=warn\nCOMPOSE_PROFILES=extra\n');
    const { release } = await deploy();
    expect(await said(release)).toContain('settings of .env: changed LOG_LEVEL; removed GREETING');
    expect([variable('LEVEL'), variable('GREETING')]).toEqual(['warn', '']);
    await project.json(['app:rollback']);
    expect(variable('LEVEL')).toBe('debug');
    await deploy();
    expect(variable('LEVEL')).toBe('warn');
  });

  it('are kept from the live release where there is no .env, and that is said', async () => {
    rmSync(`${project.folder}/.env`);
    const { release } = await deploy();
    expect(variable('LEVEL')).toBe('warn');
    expect(await said(release)).toContain('kept from the live release: LOG_LEVEL, COMPOSE_PROFILES');
  });

  it('that look like secrets are refused by name before anything happens', async () => {
    env('LOG_LEVEL=warn\nNOT_DECLARED=fine\nSTRIPE_KEY=abc\n');
    const run = await project.zebu(['app:deploy', '--tag', commit(), '--json']);
    expect([run.code, JSON.parse(run.stdout)]).toMatchObject([
      6,
      { error: { code: 'SECRET_UNDECLARED', message: 'STRIPE_KEY in .env: secrets that zebu.yml does not declare' } },
    ]);
    expect(variable('LEVEL')).toBe('warn');
    expect((await project.zebu(['doctor'])).stdout).toMatch(/^warn {2}settings +STRIPE_KEY in \.env/m);
  });

  it('that are words, declared as secrets: a literal build argument that has one in it is none', async () => {
    const compose = (value: string): string => `services:
  web:
    build: { context: ., args: { APP_NAME: "${value}" } }
    ports: ["\${PORT}:80"]
    restart: unless-stopped
    environment: { DB_NAME: "\${DB_NAME}" }
`;
    project.write('Dockerfile', 'FROM base:1\nARG APP_NAME\nRUN ["/bin/sh", "-c", "echo $APP_NAME >/name"]\n');
    project.write('compose.yml', compose('my-plausible-site'));
    env('PORT=8080\nDB_NAME=plausible\n');
    const { release } = await deploy();
    expect(guest.run('docker exec settings-web-1 cat /name')).toBe('my-plausible-site');
    expect(guest.run('docker port settings-web-1')).toContain(':8080');
    expect(await said(release)).toContain('my-plausible-site');
    project.write('compose.yml', compose('${DB_NAME}'));
    const run = await project.zebu(['app:deploy', '--tag', commit(), '--json']);
    expect([run.code, run.stdout]).toEqual([6, expect.stringContaining('DB_NAME is handed to the build of web')]);
  });
});
