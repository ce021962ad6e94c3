import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { theLab } from '../../support/lab.js';
import type { AppStatus } from '../../../src/lib/app-folder/results.js';
import type { DeployResult } from '../../../src/lib/deploy/results.js';
import type { NotifyTest } from '../../../src/lib/upkeep/results.js';
import type { VmDiff } from '../../../src/lib/vm/results.js';
import { leaks, watchProcesses } from '../../support/canary.js';
import { guestShell, type Shell } from '../../support/guest-shell.js';
import { HookReceiver, isSigned } from '../../support/hook-receiver.js';
import type { Project } from '../../support/project.js';
import { tinyApp, version } from '../../support/tiny-app.js';

const APP = 'upkeep';
const BASE = `/opt/zebu/${APP}`;
const EVERY = 10;

describe('what the VM does by itself', { timeout: 300_000 }, () => {
  const values = {
    key: `key-${randomBytes(18).toString('base64url')}`,
    path: `path-${randomBytes(18).toString('base64url')}`,
    token: `token-${randomBytes(18).toString('base64url')}`,
  };
  const processes = watchProcesses();
  let receiver: HookReceiver;
  let project: Project;
  let guest: Shell;

  const deploy = (tag: string): Promise<DeployResult> => project.json<DeployResult>(['app:deploy', '--tag', tag]);
  const status = (): Promise<AppStatus> => project.json<AppStatus>(['app:status']);
  const test = async (...args: string[]): Promise<NotifyTest['receivers'] & { readonly exit?: number | null }> => {
    const { stdout, code } = await project.zebu(['notify:test', ...args, '--json']);
    return Object.assign((JSON.parse(stdout) as { result: NotifyTest }).result.receivers, { exit: code });
  };
  const diff = (): Promise<VmDiff> => project.json<VmDiff>(['vm:diff']);
  /** zebu.yml with other sections. */
  const configure = (change: Readonly<Record<string, unknown>>): void => {
    const config = parse(readFileSync(join(project.folder, 'zebu.yml'), 'utf8')) as Record<string, unknown>;
    project.write('zebu.yml', stringify({ ...config, ...change }));
  };

  beforeAll(async () => {
    const { gateway } = theLab().network;
    receiver = await HookReceiver.make(gateway);
    const where = `http://${gateway}:${receiver.port}`;
    const all = ['deployed', 'failed', 'restored', 'down', 'unhealthy', 'restarting', 'healed', 'drifted'];
    project = tinyApp({
      lab: theLab(),
      app: APP,
      config: {
        deploy: { stability: 1, timeout: 60 },
        secrets: { TOKEN: {}, HOOK_KEY: {}, HOOK_URL: {} },
        watch: { every: EVERY, disk: 100 },
      },
    });
    configure({
      notify: [
        { name: 'desk', webhook: `${where}/desk`, key: 'HOOK_KEY', events: all },
        { name: 'phone', webhook: 'HOOK_URL', key: 'HOOK_KEY', events: ['down'] },
      ],
    });
    project.write('.env', `TOKEN=${values.token}\nHOOK_KEY=${values.key}\nHOOK_URL=${where}/${values.path}\n`, 0o600);
    await project.json(['vm:create']);
    const { ip } = await project.json<{ ip: string }>(['vm:status']);
    guest = guestShell(ip, `${project.folder}/../id_ed25519`);
  });
  afterAll(async () => {
    processes.stop();
    await project.zebu(['vm:destroy', '--yes']);
    project.remove();
    receiver.close();
  });

  it('is there from the beginning, and says what it lacks', async () => {
    expect(guest.run('ls /etc/systemd/system/*.wants').match(/zebu-\S*@upkeep\S*/g)).toEqual([
      `zebu-notify@${APP}.path`,
      `zebu-watch@${APP}.timer`,
    ]);
    const answers = await test();
    expect(answers.exit).toBe(4);
    expect(answers.map(({ reason }) => reason)).toEqual([
      'there is no value of HOOK_KEY in the VM: zebu secrets:sync',
      'there is no value of HOOK_URL in the VM: zebu secrets:sync',
    ]);
  });

  it('tells that a release is live, signed', async () => {
    version(project, 'v1');
    const { commit } = await deploy('v1');
    await receiver.until(() => receiver.events('/desk').length > 0, 30, 'told of the deploy');
    const [told] = receiver.received;
    if (told === undefined) throw new Error('told');
    expect(isSigned(told, values.key)).toBe(true);
    expect(isSigned(told, `${values.key}x`)).toBe(false);
    expect(told.message).toMatchObject({
      app: APP,
      event: 'deployed',
      title: `${APP}: v1 (${(commit ?? '').slice(0, 7)}) is live`,
      details: { ref: 'v1', commit, mode: 'deploy', verdict: 'live' },
    });
    expect(receiver.events(`/${values.path}`)).toEqual([]);
  });

  it('is tested from the VM, one or all, with what came back', async () => {
    expect((await test()).map(({ name, ok }) => [name, ok])).toEqual([
      ['desk', true],
      ['phone', true],
    ]);
    receiver.status = 403;
    const answers = await test('phone');
    receiver.status = 204;
    expect(answers.exit).toBe(4);
    expect([...answers]).toEqual([{ name: 'phone', how: 'webhook', ok: false, reason: 'it answered 403: ' }]);
    const unknown = await project.zebu(['notify:test', 'phon']);
    expect([unknown.code, unknown.stderr]).toEqual([2, expect.stringContaining('Did you mean phone?')]);
  });

  it('tells within two looks that a service is away, and once that it is well again', async () => {
    await receiver.until(
      () => guest.run(`cut -d' ' -f1 ${BASE}/watch/state 2>/dev/null || :`) === 'well',
      40,
      'a look',
    );
    receiver.received.length = 0;
    const begun = Date.now();
    guest.run(`docker stop -t 0 ${APP}-store-1`);
    await receiver.until(() => receiver.events('/desk').includes('down'), EVERY * 3, 'told that it is down');
    const seconds = (receiver.received[0]?.at ?? 0) / 1000 - begun / 1000;
    // Two intervals, and what starting things takes on a busy machine.
    expect(seconds).toBeLessThan(EVERY * 2 + 8);
    expect(receiver.received[0]?.message).toMatchObject({
      title: `${APP}: DOWN`,
      text: expect.stringMatching(/^store has exited with code \d+\.$/) as string,
    });
    const seen = await status();
    expect(seen.watch).toMatchObject({ health: 'down', lastDay: { times: 1 }, troubles: [{ kind: 'down' }] });
    guest.run(`docker start ${APP}-store-1`);
    await receiver.until(() => receiver.events('/desk').includes('up'), EVERY * 4, 'told that it is well again');
    await new Promise((done) => setTimeout(done, EVERY * 2000));
    expect(receiver.events('/desk')).toEqual(['down', 'up']);
    expect(receiver.events(`/${values.path}`)).toEqual(['down', 'up']);
    const { stdout } = await project.zebu(['app:status']);
    expect(stdout).toMatch(
      /^watch: well since .* UTC, not well 1 time in the last day \(.*\), 1 time in the last week/m,
    );
  });

  it('tells what failed, without secrets, once the receiver is back, and once', async () => {
    receiver.received.length = 0;
    receiver.status = 503;
    const good = readFileSync(join(project.folder, 'store/Dockerfile'), 'utf8');
    project.write('store/Dockerfile', good.replace('exec /bin/busybox sleep 100000000', 'echo $TOKEN >&2; exit 3'));
    version(project, 'broken');
    project.write('store/Dockerfile', good);
    expect((await project.zebu(['app:deploy', '--tag', 'broken'])).code).toBe(7);
    await receiver.until(() => receiver.refused > 1, 40, 'an attempt');
    const { stdout } = await project.zebu(['doctor', '--json']);
    const { checks } = (
      JSON.parse(stdout) as { result: { checks: readonly { id: string; status: string; detail: string }[] } }
    ).result;
    expect(checks.find(({ id }) => id === 'notify')).toMatchObject({
      status: 'warn',
      detail: expect.stringMatching(/^desk was not reached .*, 1 waiting: it answered 503/) as string,
    });
    receiver.status = 204;
    await receiver.until(() => receiver.received.length > 0, 60, 'told afterwards');
    await new Promise((done) => setTimeout(done, 12_000));
    expect(receiver.events('/desk')).toEqual(['restored']);
    expect(receiver.received[0]?.message.text).toMatch(/store (restarts again and again|exited with code 3)/);
  });

  it('restarts what is not healthy, where that is asked for', async () => {
    receiver.received.length = 0;
    configure({ watch: { every: EVERY, disk: 100, heal: 'restart' } });
    expect((await diff()).drift).toEqual([
      expect.objectContaining({ key: 'guest.wanted_units', found: 'without watch, watch-heal as it is now' }),
    ]);
    expect((await project.zebu(['doctor'])).stdout).toMatch(/^fail {2}units .*without watch, watch-heal/m);
    await project.json(['vm:apply']);
    expect((await diff()).drift).toEqual([]);
    guest.run(`docker exec ${APP}-store-1 /bin/busybox rm /data/ready`);
    await receiver.until(() => receiver.events('/desk').includes('healed'), 60 + EVERY * 4, 'restarted');
    await receiver.until(() => receiver.events('/desk').includes('up'), EVERY * 5, 'told that it is well again');
    expect(receiver.events('/desk').filter((each) => each !== 'up')).toEqual(
      expect.arrayContaining(['unhealthy', 'healed']),
    );
    expect((await status()).watch?.healed).toBe(1);
    expect(guest.run(`cat ${BASE}/holder 2>/dev/null || :`)).toBe('');
  });

  it('costs little', () => {
    const ticks = (): readonly number[] =>
      guest
        .run(
          `sh -c 'for i in 1 2 3 4 5 6 7 8 9 10; do sh ${BASE}/units/watch; done; cat /proc/$$/stat'; cat /proc/$(pidof dockerd)/stat /proc/$(pidof containerd)/stat`,
        )
        .split('\n')
        .map((line) =>
          line
            .replace(/^.*\) /, '')
            .split(' ')
            .map(Number),
        )
        .map((stat) => (stat[11] ?? 0) + (stat[12] ?? 0) + (stat[13] ?? 0) + (stat[14] ?? 0));
    const before = ticks();
    const after = ticks();
    const own = after[0] ?? 0;
    const daemons = [1, 2].reduce((sum, index) => sum + (after[index] ?? 0) - (before[index] ?? 0), 0);
    const look = (own + daemons) / 100 / 10;
    console.info(
      `a look: ${look.toFixed(3)} s of a core, of these ${(daemons / 1000).toFixed(3)} s in Docker; every 60 s: ${(look * 60).toFixed(1)} s an hour, ${((look / 60) * 100).toFixed(2)} % of a core`,
    );
    expect(look / 60).toBeLessThan(0.01);
  });

  it('leaves no secret in what arrives, in processes, spool and units', async () => {
    const text = receiver.received.map(({ text: body }) => body).join('\n');
    expect(leaks(text, values)).toEqual([]);
    const kept = guest.run(
      `cd ${BASE} && cat notify/taken notify/state/* $(find notify/queue notify/folded -type f 2>/dev/null) events/* units/* watch/* /etc/systemd/system/zebu-* 2>/dev/null; ls -ld ${BASE}/notify ${BASE}/events ${BASE}/watch`,
    );
    expect(leaks(kept, values)).toEqual([]);
    expect(kept.match(/^d[rwx-]{9}/gm)).toEqual(['drwx------', 'drwx------', 'drwx------']);
    // It stays for a moment, for what comes in a burst.
    await expect.poll(() => guest.run('ls /dev/shm'), { timeout: 30_000 }).not.toMatch(/notify|watch/);
    const seen = [...processes.seen].filter((line) => /curl|notify|apprise|perl/.test(line));
    expect(seen.some((line) => line.startsWith('curl'))).toBe(true);
    expect(leaks(seen.join('\n'), values)).toEqual([]);
    // Who is told is no business of the services.
    expect(guest.run(`docker inspect ${APP}-web-1`)).not.toContain(values.key);
  });

  it('is gone once zebu.yml does not ask for it any more', async () => {
    configure({ watch: undefined, notify: [] });
    project.git('commit', '-qam', 'quiet');
    version(project, 'v2');
    await deploy('v2');
    expect(
      guest.run(
        `ls -d /etc/systemd/system/zebu-*@* /etc/systemd/system/*.wants/zebu-*@* ${BASE}/notify ${BASE}/watch 2>/dev/null || :`,
      ),
    ).toBe('');
    expect((await diff()).drift).toEqual([]);
    expect((await status()).watch).toBeNull();
  });
});
