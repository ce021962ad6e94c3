import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { theLab } from '../../support/lab.js';
import type { Outdated, OutdatedImage, Upgraded } from '../../../src/lib/images/results.js';
import { leaks } from '../../support/canary.js';
import { issue } from '../../support/certificates.js';
import { makeProject, type Project } from '../../support/project.js';
import { refusal } from '../../support/refusal.js';
import { onTerminal, type TerminalRun } from '../../support/terminal.js';
import { digestOf, TagRegistry } from '../../support/tag-registry.js';

const COMMITTER = { GIT_COMMITTER_NAME: 'Ann', GIT_COMMITTER_EMAIL: 'a@example.org' };
const PASSWORD = 'a-password-that-nobody-sees';

describe('images in registries', { timeout: 120_000 }, () => {
  let project: Project;
  let open: TagRegistry;
  let closed: TagRegistry;
  let basic: TagRegistry;
  let compose = '';

  const outdated = (...args: readonly string[]): Promise<Outdated> =>
    project.json<Outdated>(['app:outdated', '--no-live', ...args]);
  const row = ({ images }: Outdated, service: string): OutdatedImage | undefined =>
    images.find((each) => each.service === service);
  const set = (more: Readonly<Record<string, unknown>>): void => {
    project.write('zebu.yml', stringify({ ...(parse(project.read('zebu.yml')) as object), ...more }));
  };

  beforeAll(async () => {
    const pair = issue({ names: ['IP:127.0.0.1'] });
    open = await TagRegistry.start({
      repositories: {
        'team/web': ['1.2.0', '1.2.1', '1.2.9', '1.2.10', '1.3.0-rc.1', '1.10.0', '2.0.0', 'latest', '1.2.11-alpine'],
        'team/one': ['latest', 'v1'],
      },
      page: 2,
    });
    closed = await TagRegistry.start({
      repositories: { 'shop/api': ['v1', 'v2'], 'shop/db': ['16-alpine', '17-alpine', '17'] },
      auth: 'bearer',
      password: PASSWORD,
      pair,
      page: 1,
    });
    basic = await TagRegistry.start({ repositories: { job: ['3.1', '3.2'] }, auth: 'basic', password: PASSWORD });
    project = makeProject({
      lab: theLab(),
      app: 'outdated',
      config: { secrets: { REGISTRY_TOKEN: {} } },
    });
    compose = `# The shop.
services:
  web:   # in front
    image: "${open.host}/team/web:1.2.1"   # keep at 1
  api: { image: ${closed.host}/shop/api:v1 }
  db:
    image: ${closed.host}/shop/db:\${DB_TAG:-16-alpine}
  job: { image: ${basic.host}/job:3.1 }
  one: { image: ${open.host}/team/one }
  own: { build: . }
  ref: { image: "${open.host}/team/web:\${ZEBU_REF}" }
`;
    set({
      registries: [
        { host: closed.host, user: 'ci', secret: 'REGISTRY_TOKEN', ca_file: 'ca.pem' },
        { host: basic.host, user: 'ci', command: ['./print'] },
      ],
    });
    project.write('ca.pem', pair.certificate);
    project.write('print', `#!/bin/sh\necho ${PASSWORD}\n`, 0o755);
    project.write('.gitignore', '.env\nprint\n');
    project.write('.env', `REGISTRY_TOKEN=${PASSWORD}\n`, 0o600);
    project.write('compose.yml', compose);
    project.release('v1');
  });
  beforeEach(() => {
    project.write('compose.yml', compose);
  });
  afterAll(async () => {
    await Promise.all([open.stop(), closed.stop(), basic.stop()]);
    project.remove();
  });

  it('are shown with what is newer, from all pages of each, with the login that each wants', async () => {
    const found = await outdated();
    expect(row(found, 'web')).toEqual({
      service: 'web',
      image: `${open.host}/team/web:1.2.1`,
      file: 'compose.yml',
      line: 4,
      tag: '1.2.1',
      patch: '1.2.10',
      minor: '1.10.0',
      major: '2.0.0',
      moved: null,
      digest: digestOf('team/web', '1.2.1'),
      running: null,
      problem: null,
    });
    expect(row(found, 'api')).toMatchObject({ patch: null, minor: null, major: 'v2', problem: null });
    expect(row(found, 'db')).toMatchObject({ tag: '16-alpine', major: '17-alpine', problem: null });
    expect(row(found, 'job')).toMatchObject({ minor: '3.2', problem: null });
    expect(row(found, 'one')).toMatchObject({ tag: 'latest', major: null, digest: digestOf('team/one', 'latest') });
    expect(row(found, 'ref')).toMatchObject({ tag: null, problem: 'the value of ZEBU_REF is not known here' });
    expect(row(found, 'own')).toBeUndefined();
    expect(found).toMatchObject({ outdated: 4, unknown: 1, live: 'the VM was not asked' });
    expect(open.log.filter((line) => line.includes('last=')).length).toBeGreaterThan(3);
    expect(closed.log).toContainEqual(expect.stringMatching(/^GET \/token\?.*scope=repository%3Ashop%2Fapi%3Apull/));
  });

  it('are shown as a table, and nothing of a password', async () => {
    const { stdout, stderr, code } = await project.zebu(['app:outdated', '--no-live', '--debug']);
    expect(code, stderr).toBe(0);
    expect(stdout).toMatch(/^SERVICE +IMAGE +TAG +PATCH +MINOR +MAJOR +RUNS SINCE$/m);
    expect(stdout).toMatch(/^web +\S+\/team\/web +1\.2\.1 +1\.2\.10 +1\.10\.0 +2\.0\.0 +-$/m);
    expect(stdout).toContain('one: the tag is no version\n');
    expect(stdout).toMatch(/^4 of 6 with something newer, 1 not known$/m);
    expect(leaks(stdout + stderr, { password: PASSWORD })).toEqual([]);
  });

  it('end the command with 6 when asked, and of some services alone', async () => {
    const run = (...args: readonly string[]): Promise<number | null> =>
      project.zebu(['app:outdated', '--no-live', ...args]).then(({ code }) => code);
    expect(await run('web', '--exit-code')).toBe(6);
    expect(await run('one', '--exit-code')).toBe(0);
    expect(await refusal(project, ['app:outdated', 'wbe'])).toMatchObject({
      code: 'SERVICE_UNKNOWN',
      hint: 'Did you mean web?',
    });
  });

  it('are moved where the tag is another image than the digest in the file', async () => {
    const pinned = (tag: string): string =>
      `services:\n  web: { image: "${open.host}/team/web:1.2.1@${digestOf('team/web', tag)}" }\n`;
    project.write('compose.yml', pinned('1.2.1'));
    expect(row(await outdated(), 'web')?.moved).toBe(false);
    open.moved.add('1.2.1');
    expect(row(await outdated(), 'web')?.moved).toBe(true);
    const { stdout } = await project.zebu(['app:outdated', '--no-live']);
    expect(stdout).toContain('web: 1.2.1 is another image by now\n');
    open.moved.clear();
  });

  it('are a line that says why where a registry does not answer or let in, and the others are there', async () => {
    const mute = await TagRegistry.start({ repositories: {}, mute: true });
    const gone = await TagRegistry.start({ repositories: {} });
    const nobody = gone.host;
    await gone.stop();
    try {
      project.write(
        'compose.yml',
        `services:
  a: { image: ${nobody}/x/a:1 }
  b: { image: ${nobody}/x/b:1 }
  quiet: { image: ${mute.host}/x/y:1 }
  web: { image: ${open.host}/team/web:1.2.1 }
  none: { image: ${open.host}/team/none:1 }
  tag: { image: ${open.host}/team/web:7.7 }
  api: { image: ${closed.host}/shop/api:v1 }
`,
      );
      const started = Date.now();
      const found = await project.json<Outdated>(['app:outdated', '--no-live'], {
        env: { REGISTRY_TOKEN: 'wrong-one' },
      });
      expect(Date.now() - started).toBeLessThan(60_000);
      expect(row(found, 'a')?.problem).toBe(`${nobody}: connection refused`);
      expect(row(found, 'b')?.problem).toBe(`${nobody}: connection refused`);
      expect(row(found, 'quiet')?.problem).toBe(`${mute.host}: no answer within 15 s`);
      expect(row(found, 'none')?.problem).toBe(`${open.host}: it has no team/none`);
      expect(row(found, 'tag')?.problem).toBe(`${open.host}: it has no team/web:7.7`);
      expect(row(found, 'api')?.problem).toBe(`${closed.host}: it does not accept ci for shop/api`);
      expect(row(found, 'web')).toMatchObject({ major: '2.0.0', problem: null });
      expect(found.unknown).toBe(6);
      expect(mute.log).toHaveLength(1);
    } finally {
      await mute.stop();
    }
  });

  it('are told to want a login where there is none, and not trusted where the authority is not named', async () => {
    const bare = await project.json<Outdated>(['app:outdated', 'api', 'job', '--no-live', '--set', 'registries=[]']);
    expect(row(bare, 'job')?.problem).toBe(
      `${basic.host}: it wants a login; name it in zebu.yml (registries), with a token that this machine has`,
    );
    // Without its authority it is not spoken to; on this machine Docker would try without TLS then.
    expect(row(bare, 'api')?.problem).toContain(closed.host);
    project.write('print', '#!/bin/sh\necho the session has expired >&2\nexit 1\n', 0o755);
    const failing = await outdated('job', 'web');
    expect(row(failing, 'job')?.problem).toBe(
      `There is no token for ${basic.host}: ./print ended with 1: the session has expired`,
    );
    expect(row(failing, 'web')?.problem).toBeNull();
    project.write('print', `#!/bin/sh\necho ${PASSWORD}\n`, 0o755);
  });

  it('are found where everybody is let in who asks for a token', async () => {
    const all = await TagRegistry.start({ repositories: { 'x/y': ['1', '2'] }, auth: 'bearer' });
    try {
      project.write('compose.yml', `services: { y: { image: "${all.host}/x/y:1" } }\n`);
      expect(row(await outdated(), 'y')).toMatchObject({ major: '2', problem: null });
    } finally {
      await all.stop();
    }
  });

  it('are shown although the VM cannot be asked what runs', async () => {
    const found = await project.json<Outdated>(['app:outdated', 'web']);
    expect(found.live).toMatch(/VM/);
    expect(row(found, 'web')).toMatchObject({ major: '2.0.0', running: null });
  });

  describe('are changed in the Compose file', () => {
    const upgrade = (...args: readonly string[]): Promise<Upgraded> => project.json<Upgraded>(['app:upgrade', ...args]);
    const head = (): string => project.git('rev-parse', 'HEAD');

    beforeEach(() => {
      project.git('checkout', '-q', '-f', '-B', 'main', 'v1');
    });

    it('and committed: that file alone, and not a character else of it', async () => {
      project.write('note', 'staged\n');
      project.git('add', 'note');
      const { stdout, code, stderr } = await project.zebu(['app:upgrade', 'web=1.10.0', 'job=3.2', '--yes']);
      expect(code, stderr).toBe(0);
      expect(stdout).toContain(`-    image: "${open.host}/team/web:1.2.1"   # keep at 1\n`);
      expect(stdout).toContain(`+    image: "${open.host}/team/web:1.10.0"   # keep at 1\n`);
      expect(stdout).toContain('Next: git tag <tag>, then zebu app:deploy --tag <tag>\n');
      expect(project.read('compose.yml')).toBe(
        compose.replace('web:1.2.1', 'web:1.10.0').replace('job:3.1', 'job:3.2'),
      );
      expect(project.git('show', '--format=%s', '--name-only', 'HEAD').split('\n').filter(Boolean)).toEqual([
        `Upgrade web, job`,
        'compose.yml',
      ]);
      expect(project.git('status', '--porcelain')).toBe('A  note');
      project.git('rm', '-q', '--cached', '-f', 'note');
    });

    it('once agreed to, and only shown with --dry-run', async () => {
      const before = head();
      expect(await refusal(project, ['app:upgrade', 'web=1.10.0'])).toMatchObject({
        code: 'NEEDS_CONFIRMATION',
        hint: 'Give --yes (ZEBU_YES).',
      });
      expect(await upgrade('web=1.10.0', '--dry-run')).toEqual({
        app: 'outdated',
        changes: [
          {
            service: 'web',
            file: 'compose.yml',
            line: 4,
            from: `${open.host}/team/web:1.2.1`,
            to: `${open.host}/team/web:1.10.0`,
          },
        ],
        written: false,
        commit: null,
      });
      expect(await upgrade('web=1.2.1')).toMatchObject({ changes: [], written: false });
      expect([project.read('compose.yml'), head()]).toEqual([compose, before]);
      const written = await project.json<Upgraded>(['app:upgrade', 'web=1.10.0', '--no-commit'], {
        env: { ZEBU_YES: '1' },
      });
      expect(written).toMatchObject({ written: true, commit: null });
      expect([project.git('diff', '--name-only'), head()]).toEqual(['compose.yml', before]);
    });

    it('by who agrees on a terminal, and by nobody who does not', async () => {
      const before = head();
      const typed = (answer: string): Promise<TerminalRun> =>
        onTerminal(['app:upgrade', 'web=1.10.0'], {
          cwd: project.folder,
          env: { ...project.env, GIT_AUTHOR_NAME: 'Ann', GIT_AUTHOR_EMAIL: 'a@example.org', ...COMMITTER },
          keys: [['Write and commit it? (y/N)', `${answer}\r`]],
          size: { rows: 30, columns: 80 },
        });
      const no = await typed('n');
      expect([no.code, project.read('compose.yml'), head()]).toEqual([2, compose, before]);
      expect(no.screen).toContain('Nothing was changed: that was not yes');
      const yes = await typed('y');
      expect(yes.code, yes.screen).toBe(0);
      expect(project.git('log', '-1', '--format=%an %s')).toMatch(/^Ann Upgrade web/);
    });

    it('by their digest where they are pinned by one', async () => {
      project.write(
        'compose.yml',
        `services:\n  web:\n    image: ${open.host}/team/web:1.2.1@${digestOf('team/web', '1.2.1')}\n`,
      );
      project.git('commit', '-q', '-a', '-m', 'pinned');
      await upgrade('web=2.0.0', '--yes');
      expect(project.read('compose.yml')).toContain(`team/web:2.0.0@${digestOf('team/web', '2.0.0')}\n`);
    });

    it('and refused, with nothing changed, where that would be wrong', async () => {
      const refused = async (args: readonly string[], text = compose): Promise<Awaited<ReturnType<typeof refusal>>> => {
        project.write('compose.yml', text);
        if (text !== compose) project.git('commit', '-q', '-a', '-m', 'other');
        const before = head();
        const error = await refusal(project, ['app:upgrade', '--yes', ...args]);
        expect([project.read('compose.yml'), head()]).toEqual([text, before]);
        return error;
      };
      expect(await refused(['db=17-alpine'])).toMatchObject({
        code: 'COMPOSE_INVALID',
        message: 'compose.yml:7: the image of db cannot be changed here: its tag has the variable DB_TAG in it',
      });
      expect(await refused(['own=2'])).toMatchObject({ message: 'own has no image that is pulled' });
      expect(await refused(['web=7.7'])).toMatchObject({
        code: 'REGISTRY_REFUSED',
        message: `${open.host} has no team/web:7.7`,
        hint: 'What there is: zebu app:outdated web',
      });
      expect(await refused(['wbe=2'])).toMatchObject({ code: 'SERVICE_UNKNOWN' });
      expect(await refused(['web'])).toMatchObject({ code: 'USAGE', exit: 2 });
      const anchored = `services:\n  web: { image: &i "${open.host}/team/web:1.2.1" }\n  two: { image: *i }\n`;
      expect((await refused(['two=2.0.0'], anchored)).message).toMatch(/^compose\.yml:3: .* it is an alias/);
      const shared = `services:\n  web: { image: "${open.host}/team/web:1.2.1" }\n  two: { extends: web }\n`;
      expect((await refused(['web=2.0.0'], shared)).message).toMatch(/^compose\.yml:2: the image of two would become/);
      // What is not committed is somebody's work.
      project.write('compose.yml', `${shared}# more\n`);
      expect(await refusal(project, ['app:upgrade', '--yes', 'web=2.0.0'])).toMatchObject({
        code: 'FILE_UNCOMMITTED',
        message: 'compose.yml has changes that are not committed',
      });
    });

    it('and put back where a hook of git refuses the commit', async () => {
      project.write('.git/hooks/pre-commit', '#!/bin/sh\necho not on a Friday >&2\nexit 1\n');
      chmodSync(join(project.folder, '.git/hooks/pre-commit'), 0o755);
      const error = await refusal(project, ['app:upgrade', '--yes', 'web=2.0.0']);
      expect(error.message).toBe('git did not commit compose.yml: not on a Friday');
      expect([project.read('compose.yml'), project.git('status', '--porcelain', 'compose.yml')]).toEqual([compose, '']);
      project.write('.git/hooks/pre-commit', '#!/bin/sh\n');
    });
  });
});
