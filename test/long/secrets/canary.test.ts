import { randomBytes } from 'node:crypto';
import { chmodSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import { dotenvLine } from '../../../plugins/kit/src/dotenv/write.js';
import { leaks, watchProcesses } from '../../support/canary.js';
import { makeProject, type Project } from '../../support/project.js';
import { APP_FILES, DECLARED } from '../../integration/secrets/app.js';

const canary = (): string => `canary/${randomBytes(15).toString('base64url')}+$`;

describe('canaries in every secret', { timeout: 300_000 }, () => {
  let project: Project;
  const values = {
    API_TOKEN: canary(),
    CERTIFICATE: `${canary()}\n${canary()}\n`,
    ODD: `${canary()} "quoted" ${canary()}`,
    PEPPER: canary(),
    DB_PASSWORD: canary(),
    SESSION_KEY: canary(),
  };
  /** Everything the client wrote, by command. */
  const written = new Map<string, string>();
  const watch = watchProcesses();
  let before = '';

  const run = async (...args: readonly string[]): Promise<string> => {
    const { stdout, stderr } = await project.zebu(args);
    written.set(args.join(' '), stdout + stderr);
    return stdout + stderr;
  };
  const inVm = async (line: string): Promise<string> => (await project.zebu(['vm:ssh', '--', 'sh', '-c', line])).stdout;

  beforeAll(async () => {
    project = makeProject({
      lab: inject('lab'),
      app: 'canary-a',
      files: {
        ...APP_FILES,
        // A build that is careless with what it is given.
        '.zebu/hooks/pre-build': `${APP_FILES['.zebu/hooks/pre-build']}cat /opt/zebu/canary-a/shared/secrets/*.env\n`,
      },
      config: { deploy: { stability: 1, timeout: 90 }, secrets: DECLARED },
    });
    chmodSync(`${project.folder}/.zebu/hooks/pre-build`, 0o755);
    project.write(
      '.env',
      Object.entries(values)
        .map(([name, value]) => `${dotenvLine(name, value)}\n`)
        .join(''),
      0o600,
    );
    project.release('v1');
    await project.json(['vm:create']);
    await run('app:deploy', '--tag', 'v1', '--debug');
    // From here on this machine does not know the values: what is masked is masked in the VM.
    project.write('.env', '', 0o600);
    await run('app:deploy', '--tag', 'v1', '--json');
    await run('app:logs');
    await run('app:logs', '--json');
    await run('app:status', '--json');
    await run('secrets:list');
    await run('secrets:diff', '--json', '--debug');
    await run('secrets:history');
    project.write('serve.sh', `echo "dying with $API_TOKEN $DB_PASSWORD"; exit 1\n`);
    project.release('v2');
    await run('app:deploy', '--tag', 'v2', '--debug');
    watch.stop();
    before = await inVm('sha256sum /opt/zebu/canary-a/shared/secrets/*.env');
    await project.json(['vm:restart']);
  });
  afterAll(async () => {
    watch.stop();
    await project.zebu(['vm:destroy', '--yes']);
    project.remove();
  });

  it('are found where they are meant to be, so that the search is known to find', async () => {
    expect(leaks(await inVm('docker logs canary-a-api-1 2>&1'), values)).toContain('API_TOKEN');
    expect(leaks(await inVm('cat /opt/zebu/canary-a/shared/secrets/1.env'), { A: values.API_TOKEN })).toEqual(['A']);
    expect(watch.seen.size).toBeGreaterThan(50);
  });

  it('are the same bytes after redeploys, a deploy that failed and a reboot, and the app has them', async () => {
    expect(before.trim().split('\n')).toHaveLength(1);
    expect(await inVm('sha256sum /opt/zebu/canary-a/shared/secrets/*.env')).toBe(before);
    await vi.waitFor(
      async () => expect(await project.json<{ healthy: boolean }>(['app:status'])).toMatchObject({ healthy: true }),
      { timeout: 90_000, interval: 2000 },
    );
    const odd = await inVm(`docker exec canary-a-api-1 sh -c 'printf %s "$ODD"'`);
    expect(odd).toBe(values.ODD);
  });

  it('are in no output of any command, which masks them instead', () => {
    expect(
      [...written].map(([args, text]) => [args, leaks(text, values)]).filter(([, found]) => found?.length !== 0),
    ).toEqual([]);
    expect(written.get('app:logs')).toContain('[redacted]');
    expect(written.get('app:deploy --tag v2 --debug')).toContain('dying with [redacted] [redacted]');
  });

  it('are in no journal, release, history or other file of the app beside its secrets', async () => {
    const files = await inVm(
      'cd /opt/zebu/canary-a && find . -path ./shared/secrets -prune -o -path ./repo.git -prune -o -type f -print0 | xargs -0 cat',
    );
    expect(files.length).toBeGreaterThan(1000);
    expect(files).toContain('"verdict":"live"');
    expect(leaks(files, values)).toEqual([]);
  });

  it('are in no command line and in no environment of ssh while a deploy runs', () => {
    expect(leaks([...watch.seen].join('\n'), values)).toEqual([]);
  });

  it('are in no image and in no history of one', async () => {
    const images = await inVm(
      'docker image ls -aq | sort -u | while read -r id; do docker image inspect "$id"; docker history --no-trunc "$id"; done',
    );
    expect(images).toContain('serve.sh');
    expect(leaks(images, values)).toEqual([]);
  });

  it('are in no log or task of the node', () => {
    const { stateDir } = inject('lab');
    const texts = readdirSync(stateDir, { recursive: true, encoding: 'utf8' })
      // The guests' own disks hold their secrets, of course.
      .filter((name) => !name.startsWith('vz') && !name.startsWith('run'))
      .map((name) => join(stateDir, name))
      .filter((path) => statSync(path, { throwIfNoEntry: false })?.isFile() === true)
      .map((path) => readFileSync(path, 'utf8'));
    expect(texts.length).toBeGreaterThan(2);
    expect(leaks(texts.join('\n'), values)).toEqual([]);
  });
});
