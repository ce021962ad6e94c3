import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { theLab } from '../../support/lab.js';
import { CADDY_IMAGE, loadCaddy } from '../../support/caddy.js';
import { startLoad } from '../../support/load.js';
import { makeProject, type Project } from '../../support/project.js';
import { refusal } from '../../support/refusal.js';

/** How often a release is rolled out under load; 20 by the switch, for whoever has the time. */
const DEPLOYS = Number(process.env['ZEBU_TEST_DEPLOYS'] ?? 2);

const COMPOSE = `
services:
  web:
    build: ./web
    stop_signal: SIGKILL
    environment: { FROM_SECRET: "\${WORD}" }
    healthcheck:
      test: [CMD, /bin/busybox, wget, -q, -O, /dev/null, "http://127.0.0.1:8080/"]
      interval: 5s
      timeout: 10s
      start_period: 60s
      start_interval: 1s
  talk:
    build: ./web
    command: [sh, -c, 'echo hello from talk; echo an ERROR >&2; exec /bin/busybox sleep 1000000']
    restart: unless-stopped
    stop_signal: SIGKILL
    volumes: [data:/data]
  once:
    build: ./web
    command: [echo, done]
    logging: { driver: none }
volumes: { data: {} }
`;

interface Status {
  readonly healthy: boolean;
  readonly release: string;
  readonly drift: readonly string[] | null;
  readonly machine: { readonly cores: number; readonly disk: { readonly total: number } } | null;
  readonly services: readonly {
    readonly service: string;
    readonly container: string;
    readonly usage: { readonly memory: number } | null;
  }[];
}

describe('the days after the first deploy', () => {
  let project: Project;
  let url: string;
  let release: string;

  const version = (text: string): void => {
    project.write('web/www/index.html', `${text}\n`);
    project.release(text);
  };

  beforeAll(async () => {
    project = makeProject({
      lab: theLab(),
      app: 'daily',
      files: {
        'compose.yml': COMPOSE,
        '.gitignore': 'web/busybox\n.env\n',
        'web/Dockerfile': `FROM scratch
COPY busybox /bin/busybox
COPY www /www
ENTRYPOINT ["/bin/busybox"]
CMD ["httpd", "-f", "-p", "8080", "-h", "/www"]
`,
      },
      config: {
        app: { proxy: { image: CADDY_IMAGE, http_port: 8080, routes: [{ service: 'web', port: 8080 }] } },
        deploy: { stability: 1, strategy: 'rolling', drain: 1 },
        secrets: { WORD: { required: true } },
      },
    });
    project.write('.env', 'WORD=a-secret-word\n', 0o600);
    project.write('.zebu/hooks/pre-build', '#!/bin/sh\nexec cp "$(command -v busybox)" web/busybox\n', 0o755);
    version('v1');
    await project.json(['vm:create']);
    await loadCaddy(project);
    const deployed = await project.json<{ release: string; host: string; url: string }>([
      ...['app:deploy', '--tag', 'v1'],
    ]);
    release = deployed.release;
    url = `http://${deployed.host}:8080/`;
    expect(deployed.url).toBe(url);
  });
  afterAll(async () => {
    await project.zebu(['vm:destroy', '--yes']);
    project.remove();
  });

  it('shows what the containers use, what the VM has, and no drift', async () => {
    const status = await project.json<Status>(['app:status']);
    expect(status).toMatchObject({ healthy: true, release, drift: [], url, live: { ref: 'v1', subject: 'v1' } });
    expect(status.machine?.disk.total).toBeGreaterThan(1e9);
    const web = status.services.find(({ service }) => service === 'web');
    expect(web?.usage?.memory).toBeGreaterThan(10_000);
    const top = await project.zebu(['app:top']);
    expect(top.stdout).toMatch(/^SERVICE +CPU +MEMORY/m);
  });

  it('finds lines in the logs, as text and as JSON', async () => {
    const text = await project.zebu(['app:logs', 'talk', '--grep', 'error', '-i']);
    expect([text.code, text.stdout]).toEqual([0, 'talk | an ERROR\n']);
    const json = await project.zebu(['app:logs', '--json', '--grep', 'hello']);
    expect(JSON.parse(json.stdout)).toMatchObject({ service: 'talk', container: 'talk-1', line: 'hello from talk' });
    const output = await project.zebu(['app:logs', '--release', release, '--grep', '^live']);
    expect(output.stdout).toBe('end | live\n');
    for (const flags of [[], ['--json']]) {
      const silent = await project.zebu(['app:logs', 'once', ...flags]);
      expect([silent.code, silent.stdout, silent.stderr]).toEqual([
        ...[0, '', 'warning: once has no log: its logging driver is none (`logging` in the Compose file)\n'],
      ]);
    }
    const wrong = await project.zebu(['app:logs', 'tlak']);
    expect([wrong.code, wrong.stderr.split('\n')[1]]).toEqual([6, '  -> Did you mean talk?']);
  });

  it('does not call unhealthy what was stopped on purpose, and ends with 8 for what stopped by itself when asked', async () => {
    const shown = async (): Promise<readonly [number | null, string]> => {
      const { code, stdout } = await project.zebu(['app:status', '--exit-code']);
      return [code, stdout.split('\n')[0] ?? ''];
    };
    await project.json(['app:stop', 'talk']);
    expect(await shown()).toEqual([0, `daily: healthy, but for what was stopped: talk, ${url}`]);
    await project.json(['app:start', 'talk']);
    expect(await shown()).toEqual([0, `daily: healthy, ${url}`]);
    // Started by hand it is nobody's purpose any more that it does not run.
    await project.json(['app:stop', 'talk']);
    await project.zebu(['vm:ssh', '--', 'docker', 'start', 'daily-talk-1']);
    await project.zebu(['vm:ssh', '--', 'docker', 'kill', 'daily-talk-1']);
    expect(await shown()).toEqual([8, `daily: NOT HEALTHY, ${url}`]);
    await project.json(['app:start', 'talk']);
    await project.zebu(['vm:ssh', '--', 'docker', 'stop', '-t', '0', 'daily-talk-1']);
    expect(await shown()).toEqual([8, `daily: NOT HEALTHY, ${url}`]);
    expect((await project.zebu(['app:status'])).code).toBe(0);
    await project.json(['app:start']);
  });

  it('runs commands inside, with their input, output and exit status', async () => {
    const filter = await project.zebu(
      ['app:exec', 'web', '--', '/bin/busybox', 'sh', '-c', 'cat; echo e >&2; exit 7'],
      {
        stdin: 'given',
      },
    );
    expect([filter.code, filter.stdout, filter.stderr]).toEqual([7, 'given', 'e\n']);
    const oneOff = await project.json<{ exit: number; stdout: string }>(['app:run', 'web', '--', 'env']);
    expect(oneOff.stdout).toContain('FROM_SECRET=a-secret-word');
    expect(await refusal(project, ['app:exec', 'once', '--', 'true'])).toMatchObject({
      code: 'SERVICE_NOT_RUNNING',
      message: 'once is not running (exited)',
    });
    expect(await refusal(project, ['app:exec', 'wbe', '--', 'true'])).toMatchObject({
      code: 'SERVICE_UNKNOWN',
      hint: 'Did you mean web?',
    });
    const status = await project.json<Status>(['app:status']);
    expect(status.drift).toEqual([]);
  });

  it('says where it answers, and shows a page instead while it is in maintenance', async () => {
    expect((await project.zebu(['app:open'])).stdout).toBe(`${url}\n`);
    await project.json(['app:maintenance', 'on', '--message', 'Back <soon>']);
    const page = await fetch(url);
    expect([page.status, page.headers.get('retry-after')]).toEqual([503, '60']);
    expect(await page.text()).toContain('Back &lt;soon&gt;');
    await project.json(['app:maintenance', 'off']);
    expect((await fetch(url)).status).toBe(200);
  });

  it(
    'rolls releases out under constant load without one failed request',
    async () => {
      const load = startLoad(url, 8);
      const words: string[] = [];
      for (let i = 1; i <= DEPLOYS; i++) {
        words.push(`r${i}`);
        version(`r${i}`);
        const { gaps } = await project.json<{ gaps: Record<string, number> }>(['app:deploy', '--tag', `r${i}`]);
        expect(gaps['web']).toBe(0);
        // It writes to a volume: two at once are not started unasked.
        if (i === 1) {
          const said = await project.zebu([
            'app:logs',
            '--release',
            (await project.json<Status>(['app:status'])).release,
          ]);
          expect(said.stdout).toContain('talk cannot be rolled and is recreated: it writes to /data');
        }
      }
      const report = await load.stop();
      expect(report.failures).toEqual([]);
      expect(report.requests).toBeGreaterThan(DEPLOYS * 50);
      expect(report.bodies.slice(-DEPLOYS)).toEqual(words);
      const { services, drift } = await project.json<Status>(['app:status']);
      expect([services.filter(({ service }) => service === 'web').length, drift]).toEqual([1, []]);
    },
    DEPLOYS * 120_000,
  );

  it('keeps serving the old release while a broken one is tried, and never asks the broken one', async () => {
    const load = startLoad(url, 4);
    project.write(
      'compose.yml',
      COMPOSE.replace('http://127.0.0.1:8080/"', 'http://127.0.0.1:8080/nothing"')
        .replace('start_period: 60s', 'start_period: 1s')
        .replace('interval: 5s', 'interval: 1s'),
    );
    version('broken');
    const run = await project.zebu(['app:deploy', '--tag', 'broken']);
    const report = await load.stop();
    expect(run.code).toBe(7);
    expect(report.failures).toEqual([]);
    expect(report.bodies).toEqual([`r${DEPLOYS}`]);
    project.write('compose.yml', COMPOSE);
  });

  it('goes back to a tag, and lists what was done, when and how it ended', async () => {
    await project.json(['app:stop', 'talk']);
    const back = await project.zebu(['app:rollback', 'v1']);
    expect([back.code, back.stdout]).toEqual([
      0,
      `release ${release} is live again on ${new URL(url).hostname}\n${url}\n`,
    ]);
    expect(await (await fetch(url)).text()).toBe('v1\n');
    expect(await project.json<Status>(['app:status'])).toMatchObject({ healthy: true, live: { ref: 'v1' } });
    const { stdout } = await project.zebu(['app:releases']);
    const [header, newest, , first] = stdout.split('\n');
    expect(header).toMatch(/^ +WHEN \(UTC\) +WHAT +SUBJECT +HOW IT ENDED +BY +RELEASE$/);
    expect(newest).toMatch(/^\* +\d{4}-\d\d-\d\d \d\d:\d\d +rollback v1 +v1 +live in .* +\d{8}T\d{6}Z-[0-9a-f]{7}$/);
    expect(first).toMatch(/deploy r\d+ +r\d+ +live in/);
  });

  it('is removed with its containers, and keeps volumes and secrets', async () => {
    const refused = await project.zebu(['app:destroy']);
    expect([refused.code, refused.stdout]).toEqual([2, '']);
    const gone = await project.json<{ volumes: readonly string[] }>(['app:destroy', '--yes']);
    expect(gone.volumes).toContain('daily_data');
    expect((await project.zebu(['app:status'])).code).toBe(6);
    const left = await project.zebu(['vm:ssh', '--', 'docker', 'ps', '-aq']);
    expect(left.stdout).toBe('');
    await project.json(['app:destroy', '--yes', '--volumes']);
    const volumes = await project.zebu(['vm:ssh', '--', 'docker', 'volume', 'ls', '-q']);
    expect(volumes.stdout).not.toContain('daily_data');
  });
});
