import { randomBytes } from 'node:crypto';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parse, stringify } from 'yaml';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { theLab } from '../../support/lab.js';
import type { Release } from '../../../src/lib/app/results.js';
import type { PullEnabled, PullNow, PullStatus } from '../../../src/lib/pull/results.js';
import { GitServer } from '../../support/git-server.js';
import { guestShell, type Shell } from '../../support/guest-shell.js';
import type { Project } from '../../support/project.js';
import { refusal } from '../../support/refusal.js';
import { tinyApp } from '../../support/tiny-app.js';

const APP = 'pulled';
const BASE = `/opt/zebu/${APP}`;
const EVERY = 5;
const UNITS = '/etc/systemd/system';
const WANTS = `${UNITS}/timers.target.wants`;

describe('a VM that deploys by itself', { timeout: 300_000 }, () => {
  let server: GitServer;
  let project: Project;
  let guest: Shell;
  let ip: string;
  const lab = theLab();

  const home = (): Record<string, string> => ({ HOME: server.home });
  const zebu = (...args: readonly string[]) => project.zebu(args, { env: home() });
  const json = <T>(...args: readonly string[]): Promise<T> => project.json<T>(args, { env: home() });
  const status = (): Promise<PullStatus> => json<PullStatus>('pull:status');
  const configure = (change: (yaml: Record<string, Record<string, unknown>>) => void): void => {
    const yaml = parse(project.read('zebu.yml')) as Record<string, Record<string, unknown>>;
    change(yaml);
    project.write('zebu.yml', stringify(yaml));
  };
  /** A commit whose `web` serves `name`, tagged and pushed as anybody would do it. */
  const push = (name: string, flag = '-s'): void => {
    project.write('web/www/version', `${name}\n`);
    project.git('add', '-A');
    project.git('commit', '-q', '--allow-empty', '-m', name);
    project.git('tag', flag, '-m', name, name);
    project.git('push', '-q', '--tags');
  };
  const served = async (): Promise<string> => {
    try {
      return (await (await fetch(`http://${ip}:8080/version`, { signal: AbortSignal.timeout(2000) })).text()).trim();
    } catch {
      return '';
    }
  };
  const told = async (what: string): Promise<string> =>
    `${what}\n${JSON.stringify(await status(), undefined, 1)}\n${guest.run('sudo cat /var/log/lab-units.log | tail -n 30')}`;
  const until = async (what: string, seconds: number, is: () => Promise<boolean>): Promise<number> => {
    const from = Date.now();
    while (!(await is())) {
      if (Date.now() - from > seconds * 1000) throw new Error(await told(`${what}: not within ${seconds} s`));
      await sleep(500);
    }
    return (Date.now() - from) / 1000;
  };
  /** Until it is started again the VM looks only when it is asked; a look that has begun is waited for. */
  const stopTimer = (): void => {
    const running = `sudo kill -0 "$(cat /run/lab-units/zebu-pull@${APP}.pid)" 2>/dev/null`;
    guest.run(
      `sudo mv ${WANTS}/zebu-pull@${APP}.timer /var/tmp/; for n in $(seq 300); do ${running} || exit 0; sleep 0.1; done; exit 1`,
    );
  };
  const startTimer = (): string => guest.run(`sudo mv /var/tmp/zebu-pull@${APP}.timer ${WANTS}/`);
  /** Until a look has come to this. It is waited for where it is written: a command for each try takes longer than what is tested. */
  const comesTo = async (state: string, ref: string, seconds = 60): Promise<void> => {
    const is =
      ref === '' ? `grep -qx 'state=${state}' last` : `grep -qx 'state=${state}' last && grep -qx 'ref=${ref}' last`;
    await guest
      .later(`cd ${BASE}/pull/state && for n in $(seq ${seconds * 5}); do ${is} && exit 0; sleep 0.2; done; exit 1`)
      .catch(async () => expect.fail(await told(`${state} ${ref}: not within ${seconds} s`)));
    expect((await status()).looked).toMatchObject(ref === '' ? { state } : { state, ref });
  };

  beforeAll(async () => {
    server = await GitServer.start(lab.network.gateway);
    project = tinyApp({ lab, app: APP, config: { deploy: { stability: 1, timeout: 40 } } });
    configure((yaml) => {
      yaml['pull'] = { repository: server.url, tags: 'v*', every: EVERY, signed_by: [`${project.key}.pub`] };
    });
    project.git('config', 'gpg.format', 'ssh');
    project.git('config', 'user.signingKey', project.key);
    project.git('remote', 'add', 'origin', server.repository);
    ({ ip } = await project.json<{ ip: string }>(['vm:create']));
    guest = guestShell(ip, project.key);
  });
  afterAll(async () => {
    await project.zebu(['vm:destroy', '--yes']);
    project.remove();
    await server.remove();
  });

  it('is not before it was asked, and says what it would do', async () => {
    push('v1.0');
    expect((await status()).enabled).toBe(false);
    expect(await refusal({ zebu: (args) => zebu(...args) }, ['pull:now'])).toMatchObject({
      code: 'PULL_DISABLED',
      exit: 6,
    });
    const plan = await json<PullEnabled>('pull:enable', '--dry-run');
    expect(plan).toMatchObject({
      dryRun: true,
      key: null,
      accepted: null,
      planHash: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
    });
    expect(plan.steps.join('\n')).toContain(`zebu-pull@${APP}.timer`);
    expect(guest.run(`ls ${BASE} 2>/dev/null || echo none`)).toBe('none');
  });

  it('has a key of its own, which the git server has to be told, and says so until it was', async () => {
    const enabled = await json<PullEnabled>('pull:enable');
    expect(enabled).toMatchObject({
      accepted: false,
      looked: { state: 'key-refused' },
      signedBy: [expect.stringMatching(/^zebu-test SHA256:/) as string],
    });
    const { key } = enabled;
    expect(key).toMatch(/^ssh-ed25519 \S+ zebu pull of pulled$/);
    // Asked again it is the same, and its private half is for nobody else.
    expect((await json<PullEnabled>('pull:enable')).key).toBe(key);
    expect(guest.run(`stat -c '%a %U' ${BASE}/pull ${BASE}/pull/id_ed25519`)).toBe('700 deploy\n600 deploy');
    server.allow(key ?? '');
    // Nothing was told of: a new key is always unknown at first.
    expect(guest.run(`cat ${BASE}/events/events.jsonl 2>/dev/null || echo none`)).toBe('none');
  });

  it('deploys nothing while it has no value for a secret that is declared, and does once it has', async () => {
    await comesTo('refused', 'v1.0');
    expect((await status()).refused).toMatchObject([{ ref: 'v1.0', cause: 'secret-missing' }]);
    await json('secrets:sync', '--yes').catch(() => json('secrets:sync'));
    await until('v1.0 is live', 120, async () => (await served()) === 'v1.0');
  });

  it('makes a tag live that is signed and pushed, with nothing else typed', async () => {
    await comesTo('live', 'v1.0');
    push('v1.1');
    const seconds = await until('v1.1 is live', 120, async () => (await served()) === 'v1.1');
    console.error(`push to live: ${seconds.toFixed(1)} s, looking every ${EVERY} s`);
    await comesTo('live', 'v1.1');
    const { releases } = await json<{ releases: readonly Release[] }>('app:releases');
    const [newest] = releases;
    expect(newest).toMatchObject({
      ref: 'v1.1',
      kind: 'tag',
      verdict: 'live',
      by: 'pull',
      who: 'zebu-test',
      from: server.url,
      current: true,
    });
    // Its own deploy is what took the time: the look came within what zebu.yml says.
    expect(seconds).toBeLessThan(EVERY + (newest?.seconds ?? 0) + 15);
    const followed = await zebu('app:follow', newest?.run ?? '', '--json');
    expect(followed.code).toBe(0);
    expect((await status()).run).toBe(newest?.run);
  });

  it('deploys nothing that is not signed, and tells it once', async () => {
    push('v1.2', '-a');
    await comesTo('refused', 'v1.2');
    await sleep(2 * EVERY * 1000);
    expect(await served()).toBe('v1.1');
    const events = guest.run(`grep -c '"ref":"v1.2"' ${BASE}/events/events.jsonl`);
    expect(events).toBe('1');
    expect(await refusal({ zebu: (args) => zebu(...args) }, ['pull:now'])).toMatchObject({
      code: 'PULL_REFUSED',
      exit: 6,
    });
    const { stdout } = await zebu('pull:status');
    expect(stdout).toContain('v1.2 (unsigned): v1.2 has no signature: git tag -s');
  });

  it('refuses a commit that asks for another plan, until that one was enabled', async () => {
    configure((yaml) => {
      yaml['deploy'] = { ...yaml['deploy'], keep: 7 };
    });
    push('v1.3');
    await comesTo('refused', 'v1.3');
    expect((await status()).planCurrent).toBe(false);
    expect((await json<PullEnabled>('pull:enable')).accepted).toBe(true);
    await until('v1.3 is live', 120, async () => (await served()) === 'v1.3');
    await comesTo('live', 'v1.3');
  });

  it('restores what was live when a release fails, and does not try it again unasked', async () => {
    project.write('.zebu/hooks/pre-deploy', '#!/bin/sh\necho not today\nexit 3\n', 0o755);
    push('v1.4');
    await comesTo('failed', 'v1.4', 120);
    await sleep(2 * EVERY * 1000);
    const tries = async (): Promise<number> =>
      (await json<{ releases: readonly Release[] }>('app:releases')).releases.filter(({ ref }) => ref === 'v1.4')
        .length;
    expect(await tries()).toBe(1);
    const now = await zebu('pull:now', '--json');
    expect(now.code).toBe(6);
    expect(await tries()).toBe(2);
    expect(await served()).toBe('v1.3');
    project.write('.zebu/hooks/pre-deploy', '#!/bin/sh\nexit 0\n', 0o755);
    // Whoever asks finds what is new, not a look that came a moment before.
    stopTimer();
    push('v1.5');
    const again = await json<PullNow>('pull:now').finally(startTimer);
    expect(again).toMatchObject({ verdict: 'live', looked: { ref: 'v1.5' } });
    expect(await served()).toBe('v1.5');
  });

  it('leaves what a rollback left, until something newer comes', async () => {
    await json('app:rollback');
    await comesTo('left', 'v1.5');
    await sleep(2 * EVERY * 1000);
    expect(await served()).toBe('v1.3');
    const unchanged = await json<PullNow>('pull:now');
    expect(unchanged).toMatchObject({ verdict: 'unchanged', run: null, looked: { state: 'left' } });
    push('v1.6');
    await until('v1.6 is live', 120, async () => (await served()) === 'v1.6');
    await comesTo('live', 'v1.6');
  });

  it('has nothing of a server whose host key is another one, and is told of the new one by a person', async () => {
    await server.down();
    server.newHostKey();
    await server.up();
    await comesTo('host-key-changed', '', 120);
    expect(guest.run(`grep -c host-key-changed ${BASE}/events/events.jsonl`)).toBe('1');
    expect(await refusal({ zebu: (args) => zebu(...args) }, ['pull:now'])).toMatchObject({
      code: 'HOST_KEY_CHANGED',
      exit: 4,
    });
    server.know();
    expect((await json<PullEnabled>('pull:enable')).accepted).toBe(true);
  });

  it('is put right by vm:apply when somebody has put it out of order', async () => {
    interface Diff {
      readonly drift: readonly { readonly key: string; readonly found: string }[];
    }
    guest.run(
      `sudo rm ${WANTS}/zebu-pull@${APP}.timer; echo '# mine' | sudo tee -a ${UNITS}/zebu-pull-run@${APP}.path >/dev/null`,
    );
    const diff = await json<Diff>('vm:diff');
    expect(diff.drift.find(({ key }) => key === 'guest.units')?.found).toBe(
      `zebu-pull@${APP}.timer disabled, zebu-pull-run@${APP}.path edited`,
    );
    expect((await zebu('pull:status')).stdout).toContain(`zebu-pull@${APP}.timer is disabled`);
    await json('vm:apply');
    expect((await json<Diff>('vm:diff')).drift.map(({ key }) => key)).not.toContain('guest.units');
    push('v1.7');
    await until('v1.7 is live', 120, async () => (await served()) === 'v1.7');
    await comesTo('live', 'v1.7');
  });

  it('costs next to nothing while nothing happens', async () => {
    await comesTo('live', 'v1.7');
    // User and system seconds of a look and all it starts, as the shell counts them.
    const look = `cd ${BASE} && bash -c 'for i in 1 2 3 4 5; do sh units/pull >/dev/null; sleep 0.3; done; times' | tail -n 1`;
    const [user = 0, system = 0] = [...guest.run(look).matchAll(/(\d+)m([\d.]+)s/g)].map(
      ([, m, s]) => Number(m) * 60 + Number(s),
    );
    const each = (user + system) / 5;
    console.error(
      `idle: ${each.toFixed(3)} s of CPU a look; at every: 60 that is ${(each * 60).toFixed(1)} s an hour for 60 starts`,
    );
    expect(each).toBeGreaterThan(0);
    expect((each * 60) / 3600).toBeLessThan(0.01);
  });

  it('is one of several that want to deploy, and one of them does', async () => {
    for (const round of [8, 9]) {
      push(`v1.${round}`);
      const all = await Promise.all([
        zebu('pull:now', '--json'),
        zebu('pull:now', '--json'),
        zebu('app:deploy', '--tag', `v1.${round}`, '--json'),
      ]);
      expect(all.map(({ code }) => code)).toContain(0);
      await comesTo('live', `v1.${round}`, 120);
      expect(await served()).toBe(`v1.${round}`);
      const { releases } = await json<{ releases: readonly Release[] }>('app:releases');
      expect(releases.filter(({ ref, verdict }) => ref === `v1.${round}` && verdict === 'live')).toHaveLength(1);
    }
  });

  it('uses a token on https that is nowhere but among the secrets', async () => {
    const token = `canary-${randomBytes(12).toString('hex')}`;
    const { url, authority } = await server.https(token);
    project.write('git-ca.pem', authority);
    project.write('.env', `TOKEN=first\nGIT_TOKEN=${token}\n`, 0o600);
    configure((yaml) => {
      yaml['secrets'] = { ...yaml['secrets'], GIT_TOKEN: { services: [] } };
      yaml['pull'] = { ...yaml['pull'], repository: url, secret: 'GIT_TOKEN', ca_file: 'git-ca.pem' };
    });
    expect(await refusal({ zebu: (args) => zebu(...args) }, ['pull:enable'])).toMatchObject({
      code: 'SECRET_MISSING',
      exit: 6,
    });
    await json('secrets:sync');
    // What is run in the VM meanwhile, argument by argument.
    guest.run(
      `nohup sh -c 'while :; do cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ; sleep 0.02; done' >/tmp/lines 2>/dev/null & echo $! >/tmp/watcher`,
    );
    expect(await json<PullEnabled>('pull:enable')).toMatchObject({ accepted: true, hostKeysFrom: null, key: null });
    push('v2.0');
    await until('v2.0 is live', 120, async () => (await served()) === 'v2.0');
    await comesTo('live', 'v2.0');
    expect(server.asked).toContain(true);
    guest.run('kill $(cat /tmp/watcher); sync');
    expect(Number(guest.run('wc -c </tmp/lines'))).toBeGreaterThan(10_000);
    expect(guest.run(`grep -ac '${token}' /tmp/lines || :`)).toBe('0');
    expect(
      guest.run(
        `sudo grep -rlas '${token}' ${BASE} /etc/systemd /tmp /var/log --exclude-dir=docker | grep -v '^${BASE}/shared/secrets/[0-9]*[.]env$' || :`,
      ),
    ).toBe('');
    const { stdout } = await zebu('pull:status', '--json');
    expect(stdout).not.toContain(token);
  });

  it('stops when it is asked to, and is gone with the app', async () => {
    expect(await json('pull:disable')).toMatchObject({ changed: true });
    expect(guest.run(`ls -d ${BASE}/pull /etc/systemd/system/zebu-*@* 2>/dev/null || echo none`)).toBe('none');
    expect(await json('pull:disable')).toMatchObject({ changed: false });
    push('v2.1');
    await json('pull:enable');
    await until('v2.1 is live', 120, async () => (await served()) === 'v2.1');
    await comesTo('live', 'v2.1');
    await json('app:destroy', '--yes', '--volumes');
    expect(guest.run(`ls -d ${BASE} /etc/systemd/system/zebu-*@* 2>/dev/null || echo none`)).toBe('none');
  });

  it('was never asked to show its private key', () => {
    // Of this machine's files nothing has it: what was printed is all that ever left.
    expect(
      spawnSync('grep', ['-rl', 'OPENSSH PRIVATE KEY', join(project.folder, '..', 'its state')]).stdout.toString(),
    ).toBe('');
  });
});
