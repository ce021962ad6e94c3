import { cpSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { theLab } from '../../support/lab.js';
import type { DeployResult } from '../../../src/lib/deploy/results.js';
import type { AppStatus } from '../../../src/lib/app-folder/results.js';
import { makeBaseImage } from '../../support/base-image.js';
import { ROOT } from '../../support/cli.js';
import { guestShell, type Shell } from '../../support/guest-shell.js';
import { makeProject, type Project } from '../../support/project.js';

interface Failure {
  readonly error: { readonly code: string; readonly message: string };
}

/** Lists without what is the same in both. */
const differing = (before: readonly string[], after: readonly string[]): readonly string[] =>
  [...new Set([...before, ...after])].filter((line) => before.includes(line) !== after.includes(line)).toSorted();

describe('what is live is in force, and nothing else is touched', { timeout: 600_000 }, () => {
  let project: Project;
  let guest: Shell;
  let count = 0;

  const edit = (file: string, from: string, to: string): void => {
    const text = readFileSync(`${project.folder}/${file}`, 'utf8');
    expect(text).toContain(from);
    project.write(file, text.replaceAll(from, to));
  };
  const commit = (): string => {
    const tag = `t${++count}`;
    project.release(tag);
    return tag;
  };
  const deploy = (...more: string[]): Promise<DeployResult> =>
    project.json<DeployResult>(['app:deploy', '--tag', commit(), ...more], { timeoutMs: 580_000 });
  const failing = async (): Promise<Failure['error'] & { exit: number | null }> => {
    const run = await project.zebu(['app:deploy', '--tag', commit(), '--json'], { timeoutMs: 580_000 });
    return { ...(JSON.parse(run.stdout) as Failure).error, exit: run.code };
  };
  /** `service container` of everything that is there. */
  const containers = (): readonly string[] =>
    guest
      .run(
        `docker ps -a --no-trunc --filter label=com.docker.compose.project=inforce --format '{{.Label "com.docker.compose.service"}} {{.ID}}'`,
      )
      .split('\n')
      .toSorted();
  const services = (lines: readonly string[]): readonly string[] =>
    [...new Set(lines.map((line) => line.split(' ')[0] ?? ''))].toSorted();
  const inContainer = (service: string, command: string): string =>
    guest.run(`docker exec inforce-${service}-1 ${command}`);
  /** Deploys and says which services were replaced, in the plan and then for real. */
  const replaced = async (): Promise<{ planned: readonly string[]; done: readonly string[] }> => {
    const { plan } = await deploy('--dry-run');
    const before = containers();
    await deploy();
    const planned = (plan?.services ?? []).filter(({ change }) => change === 'replaced').map(({ service }) => service);
    return { planned, done: services(differing(before, containers())) };
  };

  beforeAll(async () => {
    project = makeProject({
      lab: theLab(),
      app: 'inforce',
      config: { vm: { memory_mb: 1024 }, deploy: { stability: 1, timeout: 60 }, secrets: { TOKEN: {} } },
    });
    cpSync(`${ROOT}test/fixtures/compose-shapes`, project.folder, { recursive: true });
    project.write('.gitignore', '.env\n');
    project.write('.env', 'TOKEN=sesame-open\nLEVEL=debug\n', 0o600);
    const { ip } = await project.json<{ ip: string }>(['vm:create']);
    guest = guestShell(ip, project.key);
    makeBaseImage(guest);
    await deploy();
  });
  afterAll(async () => {
    await project.zebu(['vm:destroy', '--yes']);
    project.remove();
  });

  it('replaces nothing for a commit that has nothing to do with it, and says so before', async () => {
    const before = containers();
    expect(services(before).length).toBeGreaterThan(40);
    project.write('README', 'unrelated\n');
    expect(await replaced()).toEqual({ planned: [], done: [] });
    expect(containers()).toEqual(before);
  });

  const CONTENTS = ['config-content', 'config-file', 'file-mounted', 'file-mounted-long', 'secret-file', 'two-mounts'];
  const VALUES = [
    ...['config-content', 'config-environment', 'dotenv', 'dotenv-mounted', 'dotenv-optional', 'map-environment'],
    ...['secret-environment', 'secret-variable'],
  ];
  const ON_NETWORK = ['own-network', 'two-networks'];

  it('says which services a change replaces, and replaces those and no others', async () => {
    edit('compose.yml', 'level = ', 'level is ');
    edit('conf/app.conf', 'setting=1', 'setting=2');
    project.write('.env', 'TOKEN=sesame-shut\nLEVEL=warn\n', 0o600);
    edit('compose.yml', '"1400"', '"1300"');
    const changed = [...new Set([...CONTENTS, ...VALUES, ...ON_NETWORK])].toSorted();
    expect(await replaced()).toEqual({ planned: changed, done: changed });
  });

  it('replaces what is given a config that changed, by content and by file, and what mounts the file', () => {
    expect(inContainer('config-content', 'cat /etc/inline.conf')).toBe('level is warn\ncost = $5');
    expect(inContainer('file-mounted', 'cat /etc/app.conf')).toBe('setting=2');
    expect([
      inContainer('config-file', 'cat /from-file'),
      inContainer('secret-file', 'cat /run/secrets/other'),
    ]).toEqual(['setting=2', 'setting=2']);
  });

  it('replaces what is given another value of the environment, as a file or inside one', () => {
    expect(inContainer('secret-environment', 'cat /run/secrets/from-environment')).toBe('sesame-shut');
    expect(inContainer('config-environment', 'cat /from-environment')).toBe('warn');
    expect(inContainer('dotenv-mounted', 'cat /app/.env')).toBe("LEVEL='warn'\nTOKEN='sesame-shut'");
  });

  it('makes a network with other settings anew, with what is on it', () => {
    expect(guest.run(`docker network inspect inforce_own --format '{{json .Options}}'`)).toContain('"1300"');
  });

  it('refuses a volume with other settings before anything is touched, and says what to do', async () => {
    const before = containers();
    edit('compose.yml', 'size=1m', 'size=2m');
    const error = await failing();
    expect([error.exit, error.code]).toEqual([6, 'COMPOSE_INVALID']);
    expect(error.message).toMatch(/settings of a volume.*inforce_fast \(driver_opts "o"\).*another name/);
    edit('compose.yml', 'size=2m', 'size=1m');
    edit('compose.yml', 'kind: precious', 'kind: other');
    expect((await failing()).message).toContain('inforce_data (labels "kind")');
    edit('compose.yml', 'kind: other', 'kind: precious');
    expect(containers()).toEqual(before);
  });

  it('goes back to the contents of then', async () => {
    await project.json(['app:rollback']);
    expect(inContainer('config-content', 'cat /etc/inline.conf')).toContain('level = ');
    expect(inContainer('file-mounted', 'cat /etc/app.conf')).toBe('setting=1');
    expect(guest.run(`docker network inspect inforce_own --format '{{json .Options}}'`)).toContain('"1400"');
  });

  it('lets a one-shot without a health check end where another one waits for it', async () => {
    project.write(
      'compose.yml',
      `services:
  init: { image: "base:1", command: ["true"], healthcheck: { disable: true } }
  app:
    image: base:1
    command: ["/bin/stay"]
    restart: unless-stopped
    depends_on: { init: { condition: service_completed_successfully } }
    healthcheck: { test: [CMD, "true"], interval: 2s }
  worker: { image: "base:1", restart: always, stop_signal: SIGKILL, environment: { V: "1" }, command: [sh, -c, "while [ ! -e /tmp/die ]; do sleep 0.2; done; rm -f /tmp/die; exit 1"] }
  db: { image: "base:1", restart: always, stop_signal: SIGKILL, volumes: ["shared:/shared"], command: [sh, -c, "touch /shared/ok; exec sleep 1000000"] }
  web:
    image: base:1
    restart: always
    stop_signal: SIGKILL
    volumes: ["shared:/shared:ro"]
    healthcheck: { test: [CMD, test, -e, /shared/ok], interval: 4s, retries: 1 }
volumes: { shared: {} }
`,
    );
    await deploy();
    const { services: now, healthy } = await project.json<AppStatus>(['app:status']);
    expect(now.map(({ service, lasting }) => [service, lasting])).toEqual([
      ['app', true],
      ['db', true],
      ['init', false],
      ['web', true],
      ['worker', true],
    ]);
    expect(healthy).toBe(true);
  });

  it('does not count the crashes of last week, but those of now', async () => {
    const worker = 'inforce-worker-1';
    for (let n = 1; n <= 3; n++) {
      guest.run(
        `docker exec ${worker} touch /tmp/die; until [ "$(docker inspect --format '{{.RestartCount}} {{.State.Running}}' ${worker})" = '${n} true' ]; do sleep 0.2; done; sleep 1`,
      );
    }
    edit('compose.yml', '[CMD, "true"], interval: 2s', '[CMD, "true"], interval: 3s');
    expect((await deploy()).verdict).toBe('live');
    edit(
      'compose.yml',
      'environment: { V: "1" }, command: [sh, -c, "',
      'environment: { V: "1" }, command: [sh, -c, "exit 4; ',
    );
    const started = Date.now();
    const error = await failing();
    expect(error.message).toContain('worker restarts again and again (3 times');
    expect(Date.now() - started).toBeLessThan(60_000);
    edit('compose.yml', 'exit 4; ', '');
  });

  it('does not throw a repair away because of what was unhealthy before it', async () => {
    inContainer('db', 'rm -f /shared/ok');
    guest.run(
      `until [ "$(docker inspect --format '{{.State.Health.Status}}' inforce-web-1)" = unhealthy ]; do sleep 0.5; done`,
    );
    // Nothing of it is replaced: it stays as it is, and fails.
    project.write('README', 'again\n');
    expect((await failing()).message).toContain('web is unhealthy');
    edit('compose.yml', 'touch /shared/ok; exec', 'touch /shared/ok /tmp/repaired; exec');
    expect((await deploy()).verdict).toBe('live');
  });
});
