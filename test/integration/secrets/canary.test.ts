import { randomBytes } from 'node:crypto';
import { chmodSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { theLab } from '../../support/lab.js';
import { dotenvLine } from '../../../plugins/kit/src/dotenv/write.js';
import { leaks, watchProcesses } from '../../support/canary.js';
import { guestShell, type Shell } from '../../support/guest-shell.js';
import { makeProject, type Project } from '../../support/project.js';
import { APP_FILES, DECLARED } from './app.js';

const canary = (): string => `canary/${randomBytes(15).toString('base64url')}+$`;

/** All files below a folder, one text; those that are gone meanwhile are left out. */
function everything(folder: string, wanted: (name: string) => boolean): string {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter(wanted)
    .map((name) => join(folder, name))
    .filter((path) => statSync(path, { throwIfNoEntry: false })?.isFile() === true)
    .map((path) => readFileSync(path, 'latin1'))
    .join('\n');
}

describe('canaries in every secret', { timeout: 300_000 }, () => {
  let project: Project;
  let guest: Shell;
  let address: string;
  const values = {
    API_TOKEN: canary(),
    CERTIFICATE: `${canary()}\n${canary()}\n`,
    ODD: `${canary()} "quoted" ${canary()}`,
    PEPPER: canary(),
    DB_PASSWORD: canary(),
    SESSION_KEY: canary(),
    /** Given to a rotation that fails. */
    BROKEN: `broken-${canary()}`,
  };
  /** Where it may be seen: the search and the samples are known to find. */
  const marker = `marker-${randomBytes(12).toString('hex')}`;
  /** Everything the client wrote, by command. */
  const written = new Map<string, string>();
  const watch = watchProcesses();

  const run = async (args: readonly string[], options: Parameters<Project['zebu']>[1] = {}): Promise<void> => {
    const { stdout, stderr } = await project.zebu(args, options);
    const name = args.join(' ');
    written.set(name, (written.get(name) ?? '') + stdout + stderr);
  };

  beforeAll(async () => {
    project = makeProject({
      lab: theLab(),
      app: 'canary-a',
      files: {
        ...APP_FILES,
        // A build that is careless with what it is given.
        '.zebu/hooks/pre-build': `${APP_FILES['.zebu/hooks/pre-build']}cat /opt/zebu/canary-a/shared/secrets/*.env\n`,
      },
      config: { deploy: { stability: 1, timeout: 30 }, secrets: DECLARED },
    });
    chmodSync(`${project.folder}/.zebu/hooks/pre-build`, 0o755);
    const { BROKEN: broken, ...inFile } = values;
    const lines = Object.entries(inFile).map(([name, value]) => `${dotenvLine(name, value)}\n`);
    project.write('.env', lines.join(''), 0o600);
    project.release('v1');
    const { ip } = await project.json<{ ip: string }>(['vm:create']);
    address = ip;
    guest = guestShell(ip, project.key);
    await run(['secrets:diff', '--debug']);
    await run(['app:deploy', '--tag', 'v1', '--debug']);
    // From here on this machine does not know the values: what is masked is masked in the VM.
    project.write('.env', '', 0o600);
    await run(['app:deploy', '--tag', 'v1', '--json', '--debug']);
    await run(['app:logs']);
    await run(['app:logs', '--json']);
    await run(['app:status', '--json', '--debug']);
    await run(['secrets:list', '--json']);
    await run(['secrets:history', '--json']);
    await run(['secrets:rotate', 'API_TOKEN', '--stdin', '--debug'], { stdin: broken });
    project.write(
      'serve.sh',
      `[ -n "$API_TOKEN$DB_PASSWORD" ] || exec httpd -f -p 8080\necho "dying with $API_TOKEN$DB_PASSWORD"\nexit 1\n`,
    );
    project.release('v2');
    await run(['app:deploy', '--tag', 'v2', '--events']);
    await run(['app:follow']);
    await run(['support', '--output', '-']);
    await project.zebu(['vm:ssh', '--', 'sh', '-c', `sleep 1; : ${marker}`]);
    watch.stop();
  });
  afterAll(async () => {
    watch.stop();
    await project.zebu(['vm:destroy', '--yes']);
    project.remove();
  });

  it('are found where they are meant to be, so that the search is known to find', () => {
    const store = guest.run('cat /opt/zebu/canary-a/shared/secrets/*');
    expect(leaks(store, values)).toEqual(Object.keys(values));
    const logs = guest.run('docker logs canary-a-api-1 2>&1; docker logs canary-a-db-1 2>&1');
    expect(leaks(logs, values)).toEqual(expect.arrayContaining(['API_TOKEN', 'CERTIFICATE', 'DB_PASSWORD']));
    // As base64 alone, in the middle of other base64.
    const basic = logs.split('\n').filter((line) => line.startsWith('basic '));
    expect(leaks(basic.join('\n'), values)).toContain('API_TOKEN');
    expect(leaks([...watch.seen].join('\n'), { marker })).toEqual(['marker']);
    // Of the deploys themselves, here and in the guest.
    for (const sign of ['app:deploy', 'docker\0compose', 'runner\0deploy'])
      expect(
        [...watch.seen].some((text) => text.includes(sign)),
        sign,
      ).toBe(true);
  });

  it('are in no output of any command, which masks them instead', () => {
    const found = [...written].map(([args, text]) => [args, leaks(text, values)] as const);
    expect(found.filter(([, names]) => names.length > 0)).toEqual([]);
    expect(written.get('app:logs')).toContain('started with [redacted]');
    expect(written.get('app:deploy --tag v1 --debug')).toContain("API_TOKEN='[redacted]'");
    expect(written.get('app:deploy --tag v2 --events')).toContain('dying with [redacted]');
    expect(written.get('secrets:rotate API_TOKEN --stdin --debug')).toContain('does not work with the new API_TOKEN');
  });

  it('are in no support bundle, nor is where the VM is, and nothing of it is missing', () => {
    const text = written.get('support --output -') ?? '';
    for (const sign of ['"healthy"', '"verdict":"restored"', 'dying with [redacted]', 'Compose 2'])
      expect(text).toContain(sign);
    expect(text).not.toContain('Not included');
    expect(text).not.toContain(address);
    expect(text).toMatch(/\nrun=\d{8}T\d{6}Z-/);
    expect(text).toMatch(/"who":"<user-\d>","from":"<host-\d>"/);
  });

  it('are in lines for the masks of GitHub, and in no other', async () => {
    const lines = Object.entries(values).map(([name, value]) => `${dotenvLine(name, value)}\n`);
    project.write('.env', lines.join(''), 0o600);
    const { stdout, stderr } = await project.zebu(['secrets:diff'], { env: { GITHUB_ACTIONS: 'true' } });
    project.write('.env', '', 0o600);
    const all = `${stdout}\n${stderr}`.split('\n');
    const masks = all.filter((line) => line.startsWith('::add-mask::'));
    const { BROKEN: _, ...declared } = values;
    expect(leaks(masks.join('\n'), declared)).toEqual(Object.keys(declared));
    expect(leaks(all.filter((line) => !masks.includes(line)).join('\n'), values)).toEqual([]);
  });

  it('are in no journal, release, history or other file of the app beside its secrets', () => {
    const files = guest.run(
      'cd /opt/zebu/canary-a && find . -path ./shared/secrets -prune -o -path ./repo.git -prune -o -type f -print0 | xargs -0 cat',
    );
    for (const verdict of ['live', 'restored']) expect(files).toContain(`"verdict":"${verdict}"`);
    expect(leaks(files, values)).toEqual([]);
  });

  it('are in no temporary file, system log, or history of a shell in the VM', () => {
    // Docker describes what it starts in a container, such as a health check, to runc in a passing file of root.
    const files = guest.run(
      'sudo sh -c "find /tmp /var/tmp /dev/shm /var/log /home /root -type f ! -name runc-process\\* -size -20M -exec cat {} +" | base64 -w 0',
    );
    const text = Buffer.from(files, 'base64').toString('latin1');
    expect(text.length).toBeGreaterThan(1000);
    expect(leaks(text, values)).toEqual([]);
  });

  it('are in no command line, and in no environment of what zebu runs, while it deploys and rotates', () => {
    expect(watch.seen.size).toBeGreaterThan(50);
    // By the name of the program, as values are what must not be printed here either.
    const found = [...watch.seen].filter((text) => leaks(text, values).length > 0);
    expect(found.map((text) => text.slice(0, text.indexOf('\0')))).toEqual([]);
  });

  it('are in no image and in no history of one', () => {
    const images = guest.run(
      'docker image ls -aq | sort -u | while read -r id; do docker image inspect "$id"; docker history --no-trunc "$id"; done',
    );
    expect(images).toContain('serve.sh');
    expect(leaks(images, values)).toEqual([]);
    // The layers themselves.
    const layers = Buffer.from(guest.run('docker save canary-a-api canary-a-db | base64 -w 0'), 'base64');
    expect(layers.includes('dying with $API_TOKEN')).toBe(true);
    expect(leaks(layers.toString('latin1'), values)).toEqual([]);
  });

  it('are in no log or task of the node, and in no file this machine keeps', () => {
    const { stateDir } = theLab();
    // The guests' own disks hold their secrets, of course.
    const node = everything(stateDir, (name) => !name.startsWith('vz') && !name.startsWith('run'));
    expect(node.length).toBeGreaterThan(1000);
    expect(leaks(node, values)).toEqual([]);
    const here = everything(join(project.folder, '..'), () => true);
    expect(here).toContain('canary-a');
    expect(leaks(here, values)).toEqual([]);
  });
});
