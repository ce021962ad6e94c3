import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeBaseImage } from '../../support/base-image.js';
import { guestShell, type Shell } from '../../support/guest-shell.js';
import { theLab } from '../../support/lab.js';
import { makeProject, type Project } from '../../support/project.js';

/** What reads .env by itself, from a checkout that nobody writes to and from the file, and somebody who does not. */
const COMPOSE = `services:
  app: { image: base:1, volumes: ['.:/app:ro'], read_only: true, tmpfs: [/tmp], command: sh -c "cat /app/.env >/tmp/seen; exec stay" }
  file: { image: base:1, volumes: ['./.env:/etc/app.env:ro'], command: sh -c "cat /etc/app.env >/seen; exec stay" }
  other: { image: base:1 }
`;

describe('services that mount .env', { timeout: 300_000 }, () => {
  let project: Project;
  let guest: Shell;
  const inside = (service: string, script: string): string =>
    guest.run(
      `docker exec $(docker ps -q --filter label=com.docker.compose.project=mounted --filter label=com.docker.compose.service=${service}) sh -c '${script}'`,
    );
  /** What each has read when it started, which is what is there by now. */
  const seen = (): readonly string[] => {
    const [app, file] = [inside('app', 'cat /tmp/seen'), inside('file', 'cat /seen')];
    expect([inside('app', 'cat /app/.env'), inside('file', 'cat /etc/app.env')]).toEqual([app, file]);
    expect(file).toBe(app);
    return app.split('\n');
  };
  const others = (): string =>
    guest.run('docker ps -q --no-trunc --filter label=com.docker.compose.service=other --filter status=running');
  const settings = (level: string, key: string): void =>
    project.write('.env', `LEVEL='${level}'\nKEY='${key}'\n`, 0o600);

  beforeAll(async () => {
    project = makeProject({
      lab: theLab(),
      app: 'mounted',
      config: { deploy: { stability: 1 }, secrets: { KEY: {} } },
      files: { 'compose.yml': COMPOSE, '.gitignore': '.env\n', code: '1\n' },
    });
    const { ip } = await project.json<{ ip: string }>(['vm:create']);
    guest = guestShell(ip, project.key);
    makeBaseImage(guest);
  }, 300_000);
  afterAll(async () => {
    await project.zebu(['vm:destroy', '--yes']);
    project.remove();
  });

  it('are replaced when a setting in it changes, as the plan says, and nobody else is', async () => {
    settings('one', 'first-of-the-keys');
    project.release('v1');
    await project.json(['app:deploy', '--tag', 'v1']);
    expect(seen()).toEqual(["LEVEL='one'", "KEY='first-of-the-keys'"]);
    const other = others();
    settings('two', 'first-of-the-keys');
    const { plan } = await project.json<{ plan: { services: readonly { service: string; change: string }[] } }>([
      ...['app:deploy', '--tag', 'v1', '--dry-run'],
    ]);
    expect(plan.services.map(({ service, change }) => `${service}: ${change}`)).toEqual([
      ...['app: replaced', 'file: replaced', 'other: unchanged'],
    ]);
    await project.json(['app:deploy', '--tag', 'v1']);
    expect(seen()).toEqual(["LEVEL='two'", "KEY='first-of-the-keys'"]);
    await project.json(['app:rollback']);
    expect(seen()[0]).toBe("LEVEL='one'");
    expect(others()).toBe(other);
  });

  it('have another value of a secret once it is applied, and are listed as its users', async () => {
    const { secrets } = await project.json<{ secrets: readonly { name: string; usedBy: readonly string[] }[] }>([
      'secrets:list',
    ]);
    expect(secrets.map(({ name, usedBy }) => [name, usedBy])).toEqual([['KEY', ['app', 'file']]]);
    const other = others();
    settings('one', 'second-of-the-keys');
    await project.json(['secrets:sync', '--apply']);
    expect(seen()).toEqual(["LEVEL='one'", "KEY='second-of-the-keys'"]);
    expect(others()).toBe(other);
  });
});
