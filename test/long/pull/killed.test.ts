/** A pull that is killed at each step, looks that are killed, and a VM that loses power: afterwards one release is live, and all agree. */
import { setTimeout as sleep } from 'node:timers/promises';
import { parse, stringify } from 'yaml';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { theLab } from '../../support/lab.js';
import type { Release } from '../../../src/lib/app/results.js';
import type { PullEnabled, PullStatus } from '../../../src/lib/pull/results.js';
import { GitServer } from '../../support/git-server.js';
import { guestShell, type Shell } from '../../support/guest-shell.js';
import type { Project } from '../../support/project.js';
import { tinyApp } from '../../support/tiny-app.js';

const APP = 'pull-killed';
const BASE = `/opt/zebu/${APP}`;
/** How often two pulls and a deploy of a client start at once; 30 for whoever has the time. */
const ROUNDS = Number(process.env['ZEBU_TEST_ROUNDS'] ?? 5);

describe('a pull', { timeout: 600_000 }, () => {
  const lab = theLab();
  let server: GitServer;
  let project: Project;
  let guest: Shell;
  let ip: string;
  let count = 0;

  const zebu = (...args: readonly string[]) => project.zebu(args, { env: { HOME: server.home } });
  const json = <T>(...args: readonly string[]): Promise<T> => project.json<T>(args, { env: { HOME: server.home } });
  const push = (): string => {
    const name = `v1.${count++}`;
    project.write('web/www/version', `${name}\n`);
    project.git('add', '-A');
    project.git('commit', '-q', '--allow-empty', '-m', name);
    project.git('tag', '-s', '-m', name, name);
    project.git('push', '-q', '--tags');
    return name;
  };
  const served = async (): Promise<string> => {
    try {
      return (await (await fetch(`http://${ip}:8080/version`, { signal: AbortSignal.timeout(2000) })).text()).trim();
    } catch {
      return '';
    }
  };
  const until = async (what: string, is: () => Promise<boolean>, seconds = 240): Promise<void> => {
    const from = Date.now();
    while (!(await is().catch(() => false))) {
      if (Date.now() - from > seconds * 1000)
        throw new Error(
          `${what}\n${(await zebu('pull:status')).stdout}\n${(await zebu('app:releases')).stdout}\n${guest.run('sudo tail -n 30 /var/log/lab-units.log')}`,
        );
      await sleep(500);
    }
  };
  const atRest = async (name: string): Promise<void> => {
    await until(`${name} is live, and all say so`, async () => {
      const { looked } = await json<PullStatus>('pull:status');
      return looked?.state === 'live' && looked.ref === name && (await served()) === name;
    });
    const { releases } = await json<{ releases: readonly Release[] }>('app:releases');
    expect(releases.filter(({ current }) => current).map(({ ref }) => ref)).toContain(name);
    expect(releases.filter(({ ref, verdict }) => ref === name && verdict === 'live')).toHaveLength(1);
    const status = await json<{ release: string; interrupted: unknown }>('app:status');
    expect(status).toMatchObject({ interrupted: null });
    expect(guest.run(`ls ${BASE}/transaction 2>/dev/null || echo none`)).toBe('none');
  };
  /** Everything of the run, the first process last: it would undo what the second left. */
  const kill = (): void => {
    guest.run(
      `sudo pkill -KILL -f '[u]nits/pull-run' ; sudo pkill -KILL -f '^sh .*${BASE}/[r]unner|^sh [r]unner' ; true`,
    );
  };

  beforeAll(async () => {
    server = await GitServer.start(lab.network.gateway);
    project = tinyApp({ lab, app: APP, config: { deploy: { stability: 1, timeout: 60 } } });
    const yaml = parse(project.read('zebu.yml')) as Record<string, unknown>;
    yaml['pull'] = { repository: server.url, every: 5, signed_by: [`${project.key}.pub`] };
    project.write('zebu.yml', stringify(yaml));
    project.git('config', 'gpg.format', 'ssh');
    project.git('config', 'user.signingKey', project.key);
    project.git('remote', 'add', 'origin', server.repository);
    ({ ip } = await project.json<{ ip: string }>(['vm:create']));
    guest = guestShell(ip, project.key);
    const first = push();
    await json('app:deploy', '--tag', first);
    server.allow((await json<PullEnabled>('pull:enable')).key ?? '');
    await atRest(first);
  });
  afterAll(async () => {
    await project.zebu(['vm:destroy', '--yes']);
    project.remove();
    await server.remove();
  });

  it.each(['check', 'build', 'start-up', 'verify', 'in-force', 'commit'])('that is killed at %s', async (step) => {
    guest.run(`echo ${step} >${BASE}/pause-at`);
    const name = push();
    const paused = async (): Promise<boolean> =>
      guest.run(`grep -l '"state":"wait"' $(ls -t ${BASE}/journals/*.jsonl | head -n 1) 2>/dev/null || :`) !== '';
    // A step that this release does not have is not stood still at.
    await until(`it stands still at ${step}`, async () => (await paused()) || (await served()) === name);
    kill();
    guest.run(`rm -f ${BASE}/pause-at`);
    await atRest(name);
  });

  it('whose looks are killed again and again', async () => {
    const name = push();
    for (let times = 0; times < 10; times++) {
      guest.run(`sudo pkill -KILL -f '[u]nits/pull$' || :`);
      await sleep(700);
    }
    await atRest(name);
  });

  it('in a VM that loses power', async () => {
    guest.run(`echo start-up >${BASE}/pause-at`);
    const name = push();
    await until('it stands still', async () => guest.run(`cat ${BASE}/transaction 2>/dev/null || :`) !== '');
    guest.run(`sudo rm -f ${BASE}/pause-at; sync`);
    await json('vm:stop', '--force');
    await json('vm:start');
    await atRest(name);
  });

  it(`beside another and a deploy of a client, ${ROUNDS} times`, async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const name = push();
      const all = await Promise.all([
        zebu('pull:now', '--json'),
        zebu('pull:now', '--json'),
        zebu('app:deploy', '--tag', name, '--json'),
      ]);
      expect(all.map(({ code }) => code)).toContain(0);
      await atRest(name);
    }
  });
});
