import { createHash, randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { theLab } from '../../support/lab.js';
import { dotenvLine } from '../../../plugins/kit/src/dotenv/write.js';
import type { SecretsList } from '../../../src/lib/secrets/results.js';
import { guestShell, type Shell } from '../../support/guest-shell.js';
import { makeProject, type Project } from '../../support/project.js';
import { APP_FILES } from './app.js';

/** One service as most Compose files have it: everything from `.env`, and a build that needs a token. */
const COMPOSE = `services:
  worker:
    build: { context: ., secrets: [token] }
    init: true
    stop_grace_period: 1s
    restart: unless-stopped
    env_file: .env
secrets:
  token: { environment: API_TOKEN }
`;
const DOCKERFILE = `FROM scratch
COPY busybox /bin/busybox
RUN ["/bin/busybox", "--install", "-s", "/bin"]
COPY . /src
RUN --mount=type=secret,id=token sha256sum </run/secrets/token >/sum
CMD ["sleep", "1000000"]
`;

describe('`env_file: .env` and build secrets', { timeout: 300_000 }, () => {
  let project: Project;
  let guest: Shell;
  const values = {
    API_TOKEN: `tok-${randomBytes(12).toString('hex')}`,
    ODD: ` $HOME "double" 'single' \\ #x\r\nline 2`,
  };
  const variable = (name: string): string =>
    Buffer.from(
      guest.run(`docker exec envfile-worker-1 sh -c 'printf %s "$${name}"' | base64 -w 0`),
      'base64',
    ).toString();

  beforeAll(async () => {
    project = makeProject({
      lab: theLab(),
      app: 'envfile',
      files: { '.gitignore': '.env\nbusybox\n', 'compose.yml': COMPOSE, Dockerfile: DOCKERFILE },
      config: { deploy: { stability: 1, timeout: 30 }, secrets: { API_TOKEN: {}, ODD: {} } },
    });
    project.write('.zebu/hooks/pre-build', APP_FILES['.zebu/hooks/pre-build'] ?? '', 0o755);
    const lines = Object.entries(values).map(([name, value]) => `${dotenvLine(name, value)}\n`);
    project.write('.env', lines.join(''), 0o600);
    project.release('v1');
    const { ip } = await project.json<{ ip: string }>(['vm:create']);
    guest = guestShell(ip, project.key);
    await project.json(['app:deploy', '--tag', 'v1']);
  });
  afterAll(async () => {
    await project.zebu(['vm:destroy', '--yes']);
    project.remove();
  });

  it('give the service every declared secret byte for byte', () => {
    expect([variable('API_TOKEN'), variable('ODD')]).toEqual([values.API_TOKEN, values.ODD]);
  });

  it('hand the build its secret, and leave nothing in the image or the release', () => {
    const sum = createHash('sha256').update(values.API_TOKEN).digest('hex');
    expect(guest.run('docker exec envfile-worker-1 cat /sum')).toContain(sum);
    const saved =
      'for image in $(docker image ls -q | sort -u); do docker save $image; docker history --no-trunc $image; done';
    expect(guest.run(`(${saved}) | grep -a -c -F '/run/secrets/token'`)).not.toBe('0');
    expect(guest.run(`(${saved}) | grep -a -c -F '${values.API_TOKEN}' || true`)).toBe('0');
    expect(guest.run(`grep -r -l -F '${values.API_TOKEN}' /opt/zebu/envfile/releases || true`)).toBe('');
  });

  it('are known to use it, and get the new value when it is rotated', async () => {
    const { secrets } = await project.json<SecretsList>(['secrets:list']);
    expect(secrets.map(({ name, usedBy }) => [name, usedBy])).toEqual([
      ['API_TOKEN', ['worker']],
      ['ODD', ['worker']],
    ]);
    await project.json(['secrets:rotate', 'API_TOKEN', '--generate']);
    expect(variable('API_TOKEN')).toMatch(/^[A-Za-z0-9]{32}$/);
    expect(variable('ODD')).toBe(values.ODD);
    // What the next deploy and a rollback find is what is in force.
    project.write('.env', '', 0o600);
    const rotated = variable('API_TOKEN');
    project.release('v2');
    await project.json(['app:deploy', '--tag', 'v2']);
    expect(variable('API_TOKEN')).toBe(rotated);
    expect(await project.json<object>(['app:status'])).toMatchObject({ healthy: true, drift: [] });
  });
});
