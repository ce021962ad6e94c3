import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { stringify } from 'yaml';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { theLab } from '../../support/lab.js';
import type { DeployResult } from '../../../src/lib/deploy/results.js';
import type { Outdated, OutdatedImage } from '../../../src/lib/images/results.js';
import { leaks, watchProcesses } from '../../support/canary.js';
import { ROOT } from '../../support/cli.js';
import { DockerRegistry } from '../../support/docker-registry.js';
import { guestShell, type Shell } from '../../support/guest-shell.js';
import { makeProject, type Project } from '../../support/project.js';
import { refusal } from '../../support/refusal.js';

const APP = 'private-a';
const BASE = `/opt/zebu/${APP}`;

describe('private images', { timeout: 300_000 }, () => {
  const values = {
    token: `token-${randomBytes(18).toString('base64url')}`,
    printed: `printed-${randomBytes(18).toString('base64url')}`,
  };
  const watch = watchProcesses();
  /** Everything the client wrote. */
  const written: string[] = [];
  let registry: DockerRegistry;
  let project: Project;
  let guest: Shell;

  const zebu = async (
    args: readonly string[],
    env: Readonly<Record<string, string>> = {},
  ): ReturnType<Project['zebu']> => {
    const run = await project.zebu(args, { env });
    written.push(run.stdout, run.stderr);
    return run;
  };
  const refused = (args: readonly string[], env: Readonly<Record<string, string>> = {}): ReturnType<typeof refusal> =>
    refusal({ zebu: (all) => zebu(all, env) }, args);
  const deploy = async (tag: string, ...more: readonly string[]): Promise<DeployResult> => {
    const { stdout, stderr, code } = await zebu(['app:deploy', '--tag', tag, '--json', '--debug', ...more]);
    expect(code, stderr).toBe(0);
    return (JSON.parse(stdout) as { result: DeployResult }).result;
  };
  const doctorRow = async (
    more: readonly string[] = [],
    env: Readonly<Record<string, string>> = {},
  ): Promise<Readonly<Record<string, string | null>> | undefined> => {
    const { stdout } = await zebu(['doctor', '--json', ...more], env);
    const { checks } = (JSON.parse(stdout) as { result: { checks: readonly Record<string, string | null>[] } }).result;
    return checks.find(({ id }) => id === 'registries');
  };
  const withRegistry = (entry: Readonly<Record<string, unknown>>): readonly string[] => [
    '--set',
    `registries=${JSON.stringify([{ host: registry.host, user: 'ci', ...entry }])}`,
  ];
  /** An image of the VM's own busybox in the registry, and no more of it in the VM. */
  const publish = (where: DockerRegistry, name: string, ...tags: readonly string[]): void => {
    const image = `${where.host}/${name}`;
    guest.run(`set -e
export DOCKER_CONFIG=$(mktemp -d)
sudo install -D -m 0644 /dev/stdin /etc/docker/certs.d/${where.host}/test.crt <<'PEM'
${where.authority}PEM
docker login -u ci --password-stdin ${where.host} >/dev/null 2>&1 <<'TOKEN'
${values.token}
TOKEN
mkdir -p "$DOCKER_CONFIG/image/bin"
cp "$(command -v busybox)" "$DOCKER_CONFIG/image/bin/"
for tag in ${tags.join(' ')}; do
  echo "$tag" >"$DOCKER_CONFIG/image/tag"
  tar -c -C "$DOCKER_CONFIG/image" . | docker import -c 'CMD ["/bin/busybox", "sleep", "1000000"]' -c 'STOPSIGNAL SIGKILL' - ${image}:$tag >/dev/null
  docker push -q ${image}:$tag >/dev/null
  docker image rm ${image}:$tag >/dev/null
done
rm -r "$DOCKER_CONFIG"
sudo rm -r /etc/docker/certs.d`);
  };
  const service = (image: string): string => `services:\n  web: { image: ${image}, env_file: .env, restart: always }\n`;
  const nothingLeft = (): void => {
    const left = guest.run(
      `ls -d /dev/shm/zebu-${APP}* ${BASE}/.run.* ${BASE}/shared/secrets/registries-* ~/.docker/config.json /root/.docker /etc/docker/certs.d/* 2>/dev/null || :`,
    );
    expect(left).toBe('');
    // Without a login the registry says no, and Docker does not trust it.
    expect(() => guest.run(`docker pull -q ${registry.host}/team/web:never`)).toThrow(/certificate signed by unknown/);
  };

  beforeAll(async () => {
    const { network } = theLab();
    registry = await DockerRegistry.make(network.gateway, { ci: values.token, AWS: values.printed });
    project = makeProject({
      lab: theLab(),
      app: APP,
      config: { secrets: { REGISTRY_TOKEN: {}, OTHER: {} }, deploy: { stability: 1 } },
    });
    const more = { registries: [{ host: registry.host, user: 'ci', secret: 'REGISTRY_TOKEN', ca_file: 'ca.pem' }] };
    project.write('zebu.yml', project.read('zebu.yml') + stringify(more));
    project.write('ca.pem', registry.authority);
    project.write('.gitignore', '.env\nprint\nfail\n');
    project.write('.env', `REGISTRY_TOKEN=${values.token}\nOTHER=other-value\n`, 0o600);
    project.write('compose.yml', service(`${registry.host}/team/web:1`));
    project.release('v1');
    project.write(
      'compose.yml',
      `${service(`${registry.host}/team/web:2`)}  built: { build: built, restart: always }\n`,
    );
    project.write('built/Dockerfile', `FROM ${registry.host}/team/base:1\nRUN ["/bin/busybox", "touch", "/made"]\n`);
    project.release('v2');
    project.write('compose.yml', service(`${registry.host}/team/web:3`));
    project.release('v3');
    const { ip } = await project.json<{ ip: string }>(['vm:create']);
    guest = guestShell(ip, project.key);
    publish(registry, 'team/web', '1', '2', '3');
    publish(registry, 'team/base', '1');
  });
  afterAll(async () => {
    watch.stop();
    await project.zebu(['vm:destroy', '--yes']);
    project.remove();
    await registry.remove();
  });

  it('are in the plan with where is logged in, which nobody is asked for', async () => {
    const before = registry.log;
    const plan = await deploy('v1', '--dry-run');
    expect(plan.plan?.steps).toContain(`log in at ${registry.host} as ci (REGISTRY_TOKEN)`);
    expect(registry.log).toBe(before);
  });

  it('are refused in one line where the authority is not known, and nothing was changed', async () => {
    const set = withRegistry({ secret: 'REGISTRY_TOKEN' });
    const error = await refused(['app:deploy', '--tag', 'v1', ...set]);
    expect(error).toMatchObject({
      code: 'REGISTRY_REFUSED',
      exit: 6,
      details: { cause: 'registry-untrusted' },
      hint: expect.stringContaining('`ca_file`') as string,
    });
    expect(error.message).toMatch(
      /^The release was refused before anything was started: the certificate of \S+ is not trusted: .*unknown authority$/,
    );
    expect(await doctorRow(set)).toMatchObject({ status: 'fail', code: 'REGISTRY_REFUSED', remedy: error.hint });
    const status = await zebu(['app:status', '--json']);
    expect(JSON.parse(status.stdout)).toMatchObject({ result: { release: null, services: [] } });
    nothingLeft();
  });

  it('are refused in one line with a wrong password', async () => {
    const env = { REGISTRY_TOKEN: 'not-the-right-one' };
    const error = await refused(['app:deploy', '--tag', 'v1'], env);
    expect(error).toMatchObject({ code: 'REGISTRY_REFUSED', exit: 6, details: { cause: 'registry-denied' } });
    expect(error.message).toMatch(/: \S+ does not accept ci with REGISTRY_TOKEN: .*401 Unauthorized$/);
    expect(await doctorRow([], env)).toMatchObject({
      status: 'fail',
      detail: expect.stringContaining('does not accept ci with REGISTRY_TOKEN') as string,
      remedy: error.hint,
    });
    nothingLeft();
  });

  it('are refused where the registry is away and they are not there', async () => {
    await registry.stop();
    try {
      const error = await refused(['app:deploy', '--tag', 'v1']);
      expect(error).toMatchObject({ code: 'REGISTRY_REFUSED', exit: 6, details: { cause: 'registry-away' } });
      expect(error.message).toMatch(/: \S+ cannot be reached: .*connection refused; an image cannot be pulled: .*/);
      expect(await doctorRow()).toMatchObject({ status: 'fail', remedy: error.hint });
    } finally {
      await registry.start();
    }
    nothingLeft();
  });

  it('are pulled', async () => {
    expect(await doctorRow()).toMatchObject({ status: 'ok', detail: `${registry.host} accepts ci` });
    expect((await deploy('v1')).verdict).toBe('live');
    nothingLeft();
  });

  it('are looked for in newer versions with the same logins, and compared with what runs', async () => {
    const files = project.read('compose.yml');
    project.write('compose.yml', service(`${registry.host}/team/web:1`));
    const look = async (): Promise<OutdatedImage | undefined> => {
      const run = await zebu(['app:outdated', '--json']);
      expect(run.code, run.stderr).toBe(0);
      return (JSON.parse(run.stdout) as { result: Outdated }).result.images[0];
    };
    const found = await look();
    expect(found).toMatchObject({ service: 'web', tag: '1', major: '3', moved: false, problem: null });
    expect(found?.running).toMatchObject({ tag: '1', digest: found?.digest });
    expect(Date.now() - Date.parse(found?.running?.since ?? '')).toBeLessThan(600_000);
    await registry.retag('team/web', '2', '1');
    expect(await look()).toMatchObject({ moved: true });
    const text = await zebu(['app:outdated']);
    expect(text.stdout).toContain('web: 1 is another image by now\n');
    await registry.retag('team/web', found?.digest ?? '', '1');
    expect(await look()).toMatchObject({ moved: false });
    project.write('compose.yml', files);
  });

  it('are what an image is built from', async () => {
    expect((await deploy('v2')).verdict).toBe('live');
    expect(guest.run(`docker exec ${APP}-built-1 /bin/busybox cat /tag`)).toBe('1');
    expect(guest.run(`docker exec ${APP}-web-1 /bin/busybox cat /tag`)).toBe('2');
    nothingLeft();
  });

  it('need no token here that the VM has', async () => {
    project.write('.env', 'OTHER=other-value\n', 0o600);
    expect(await doctorRow()).toMatchObject({ status: 'ok' });
    expect((await deploy('v2')).verdict).toBe('live');
  });

  it('are gone back to, and deployed once more, while the registry is away', async () => {
    await registry.stop();
    try {
      const back = await zebu(['app:rollback', '--json']);
      expect(back.code, back.stderr).toBe(0);
      guest.run(`docker rm -f ${APP}-web-1`);
      expect((await deploy('v1')).verdict).toBe('live');
      expect(guest.run(`docker exec ${APP}-web-1 /bin/busybox cat /tag`)).toBe('1');
    } finally {
      await registry.start();
    }
    nothingLeft();
  });

  it('come with a token that a command prints', async () => {
    const entry = { user: 'AWS', ca_file: 'ca.pem' };
    project.write('print', `#!/bin/sh\necho ${values.printed}\n`, 0o755);
    project.write('fail', `#!/bin/sh\necho ${values.printed}\necho 'the session has expired' >&2\nexit 255\n`, 0o755);
    const failing = withRegistry({ ...entry, command: ['./fail'] });
    expect(await refused(['app:deploy', '--tag', 'v3', ...failing])).toMatchObject({
      code: 'REGISTRY_REFUSED',
      message: `There is no token for ${registry.host}: ./fail ended with 255: the session has expired`,
      hint: 'Run it here: ./fail',
    });
    expect(await doctorRow(failing)).toMatchObject({ status: 'fail', remedy: 'Run it here: ./fail' });
    const set = withRegistry({ ...entry, command: ['./print'] });
    expect(await doctorRow(set)).toMatchObject({ status: 'ok', detail: `${registry.host} accepts AWS` });
    expect((await deploy('v3', ...set)).verdict).toBe('live');
    expect(guest.run(`docker exec ${APP}-web-1 /bin/busybox cat /tag`)).toBe('3');
    nothingLeft();
  });

  it('come from a registry with a server for tokens beside it, as GHCR, Docker Hub and GitLab are', async () => {
    project.write('.env', `REGISTRY_TOKEN=${values.token}\nOTHER=other-value\n`, 0o600);
    const other = await DockerRegistry.make(theLab().network.gateway, { ci: values.token });
    try {
      await other.useTokens();
      publish(other, 'team/web', '4');
      publish(other, 'team/base', '2');
      publish(other, 'team/web', '5');
      const host = { host: other.host, ca_file: 'other.pem', secret: 'REGISTRY_TOKEN' };
      project.write('other.pem', other.authority);
      project.write(
        'compose.yml',
        `${service(`${other.host}/team/web:4`)}  built: { build: built, restart: always }\n`,
      );
      project.write('built/Dockerfile', `FROM ${other.host}/team/base:2\nRUN ["/bin/busybox", "touch", "/made"]\n`);
      project.release('v4');
      const env = { REGISTRY_TOKEN: 'not-the-right-one' };
      const error = await refused(['app:deploy', '--tag', 'v1', ...withRegistry(host)], env);
      expect(error).toMatchObject({ code: 'REGISTRY_REFUSED', details: { cause: 'registry-denied' } });
      const newer = await zebu(['app:outdated', 'web', '--json', ...withRegistry(host)]);
      expect(JSON.parse(newer.stdout)).toMatchObject({ result: { images: [{ tag: '4', major: '5', problem: null }] } });
      expect((await deploy('v4', ...withRegistry(host))).verdict).toBe('live');
    } finally {
      await other.remove();
    }
    expect(guest.run(`docker exec ${APP}-web-1 /bin/busybox cat /tag`)).toBe('4');
    expect(guest.run(`docker exec ${APP}-built-1 /bin/busybox cat /tag`)).toBe('2');
    nothingLeft();
  });

  it('leave nothing of the login when everything is killed, once somebody comes', async () => {
    const set = withRegistry({ user: 'AWS', command: ['./print'], ca_file: 'ca.pem' });
    guest.run(`echo build >${BASE}/pause-at`);
    const client = spawn(process.execPath, [`${ROOT}bin/run.js`, 'app:deploy', '--tag', 'v2', ...set], {
      cwd: project.folder,
      env: { ...process.env, ...project.env },
      stdio: 'ignore',
    });
    const ended = new Promise((resolve) => client.once('close', resolve));
    guest.run(
      `for n in $(seq 300); do tail -n 1 "$(ls -1 ${BASE}/journals/* | sort | tail -n 1)" | grep -q pause-at && exit 0; sleep 0.2; done; exit 1`,
    );
    // For the deploy user alone, while it is there.
    const modes = guest.run(
      `cd /dev/shm/zebu-${APP}.* && stat -c '%a %U %n' . docker docker/config.json ${BASE}/shared/secrets/registries-*; grep -c auth docker/config.json`,
    );
    expect(modes.replaceAll(/registries-\S+/g, 'registries').split('\n')).toEqual([
      '700 deploy .',
      '700 deploy docker',
      '600 deploy docker/config.json',
      `600 deploy ${BASE}/shared/secrets/registries`,
      '2',
    ]);
    guest.run(`kill -9 $(cat ${BASE}/watcher) $(cat ${BASE}/worker); rm ${BASE}/pause-at`);
    client.kill('SIGKILL');
    await ended;
    const { code } = await zebu(['app:recover']);
    expect(code).toBe(0);
    nothingLeft();
    expect((await deploy('v2')).verdict).toBe('live');
    nothingLeft();
  });

  it('have their tokens in no container, log, journal, image, process list or output', () => {
    watch.stop();
    // What is looked at is known to find.
    const store = guest.run(`cat ${BASE}/shared/secrets/*.env`);
    expect(leaks(store, values)).toEqual(['token']);
    const inspected = guest.run(
      'docker inspect $(docker ps -aq); docker image inspect $(docker image ls -aq); docker image ls -aq | xargs -n 1 docker history --no-trunc',
    );
    expect(inspected).toContain('OTHER=other-value');
    expect(leaks(inspected, values)).toEqual([]);
    const files = guest.run(
      `cd ${BASE} && find . -path './shared/secrets/[0-9]*' -prune -o -type f -print0 | xargs -0 cat; sudo find /tmp /var/tmp /dev/shm /var/log /home /root /etc/docker -type f -size -20M -exec cat {} +`,
    );
    expect(files).toContain('logging in at');
    expect(leaks(files, values)).toEqual([]);
    expect(leaks(written.join('\n'), values)).toEqual([]);
    const processes = [...watch.seen];
    expect(processes.some((text) => text.includes('login\0--username\0ci\0--password-stdin'))).toBe(true);
    expect(processes.filter((text) => leaks(text, values).length > 0).map((text) => text.split('\0')[0])).toEqual([]);
  });
});
