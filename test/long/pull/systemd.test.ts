/** Pull deploys where systemd is the real one: timers, paths, and the sandbox that the fast guests do not have. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parse, stringify } from 'yaml';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import type { DoctorResult } from '../../../src/lib/doctor/results.js';
import type { PullEnabled, PullStatus } from '../../../src/lib/pull/results.js';
import { GitServer } from '../../support/git-server.js';
import { guestShell, type Shell } from '../../support/guest-shell.js';
import { ownLab, type OwnLab } from '../../support/own-lab.js';
import type { Project } from '../../support/project.js';
import { tinyApp } from '../../support/tiny-app.js';

/** An emulated machine takes minutes for what takes a real one seconds. */
const EMULATED_MS = 840_000;
const APP = 'alone';
const EVERY = 10;

// What is waited for says itself what it waited for in vain.
vi.setConfig({ testTimeout: 3 * EMULATED_MS });

const keys = mkdtempSync(join(tmpdir(), 'zebu-e2e-gpg-'));
let lab: OwnLab;
let server: GitServer;
let project: Project;
let guest: Shell;
let ip: string;

const run = (program: string, ...args: readonly string[]): string => {
  const { status, stdout, stderr } = spawnSync(program, args, {
    encoding: 'utf8',
    env: { ...process.env, GNUPGHOME: keys },
  });
  if (status !== 0) throw new Error(`${program} ${args.join(' ')}: ${stderr}`);
  return stdout;
};
const json = <T>(...args: readonly string[]): Promise<T> =>
  project.json<T>(args, { env: { HOME: server.home }, timeoutMs: EMULATED_MS });
const status = (): Promise<PullStatus> => json<PullStatus>('pull:status');
const push = (name: string, ...signed: readonly string[]): void => {
  project.write('web/www/version', `${name}\n`);
  project.git('add', '-A');
  project.git('commit', '-q', '--allow-empty', '-m', name);
  run(
    'git',
    '-C',
    project.folder,
    '-c',
    'user.name=Test',
    '-c',
    'user.email=test@example.org',
    ...signed,
    'tag',
    '-s',
    '-m',
    name,
    name,
  );
  project.git('push', '-q', '--tags');
};
const until = async (what: string, is: () => Promise<boolean>): Promise<number> => {
  const from = Date.now();
  while (!(await is())) {
    if (Date.now() - from > EMULATED_MS)
      throw new Error(
        `${what}\n${JSON.stringify(await status(), undefined, 1)}\n${guest.run("sudo journalctl -n 60 -u 'zebu-*' --no-pager")}`,
      );
    await sleep(500);
  }
  return (Date.now() - from) / 1000;
};
const served = (name: string) => async (): Promise<boolean> => {
  try {
    const answer = await fetch(`http://${ip}:8080/version`, { signal: AbortSignal.timeout(5000) });
    return (await answer.text()).trim() === name;
  } catch {
    return false;
  }
};
const isState = (state: string, ref: string) => async (): Promise<boolean> => {
  const { looked } = await status();
  return looked?.state === state && looked.ref === ref;
};

beforeAll(async () => {
  lab = await ownLab('pull', '--guests', 'qemu');
  server = await GitServer.start(lab.report.network.gateway);
  project = tinyApp({ lab: lab.report, app: APP, config: { vm: { memory_mb: 1024 }, deploy: { stability: 1 } } });
  run(
    'gpg',
    '--batch',
    '--quiet',
    '--passphrase',
    '',
    '--quick-gen-key',
    'release@example.org',
    'ed25519',
    'sign',
    'never',
  );
  project.write('keys/release.asc', run('gpg', '--armor', '--export', 'release@example.org'));
  const yaml = parse(project.read('zebu.yml')) as Record<string, unknown>;
  yaml['pull'] = { repository: server.url, every: EVERY, signed_by: [`${project.key}.pub`, 'keys/release.asc'] };
  project.write('zebu.yml', stringify(yaml));
  project.git('config', 'gpg.format', 'ssh');
  project.git('config', 'user.signingKey', project.key);
  project.git('remote', 'add', 'origin', server.repository);
  ({ ip } = await json<{ ip: string }>('vm:create'));
  guest = guestShell(ip, project.key);
}, EMULATED_MS);
afterAll(async () => {
  await project.zebu(['vm:destroy', '--yes']);
  project.remove();
  await server.remove();
  await lab.down();
  spawnSync('gpgconf', ['--homedir', keys, '--kill', 'all']);
  rmSync(keys, { recursive: true, force: true });
});

it('is enabled beside a first release of the client', async () => {
  push('v1.0');
  await json('app:deploy', '--tag', 'v1.0');
  const { key } = await json<PullEnabled>('pull:enable');
  server.allow(key ?? '');
  expect((await json<PullEnabled>('pull:enable')).accepted).toBe(true);
  await until('it is at rest', isState('live', 'v1.0'));
});

it('deploys a tag signed with an SSH key, by a timer and from within the sandbox', async () => {
  push('v1.1');
  const seconds = await until('v1.1 is live', served('v1.1'));
  console.error(`push to live: ${seconds.toFixed(1)} s, looking every ${EVERY} s`);
  await until('the books are closed', isState('live', 'v1.1'));
});

it('deploys a tag signed with OpenPGP', async () => {
  push('v1.2', '-c', 'gpg.format=openpgp', '-c', 'user.signingKey=release@example.org');
  await until('v1.2 is live', served('v1.2'));
  await until('the books are closed', isState('live', 'v1.2'));
});

it('refuses what is not signed', async () => {
  project.git('tag', '-a', '-m', 'v1.3', 'v1.3');
  project.git('push', '-q', '--tags');
  await until('v1.3 is refused', isState('refused', 'v1.3'));
});

it('is as systemd has it, and doctor says so', async () => {
  // While one looks there is no word on how it ended.
  let seen = await status();
  await until('a look has ended', async () => {
    seen = await status();
    return seen.units.every(({ running }) => !running);
  });
  const { units, systemd } = seen;
  expect(systemd).toBe(true);
  expect(Object.fromEntries(units.map(({ name, lastResult }) => [name, lastResult]))).toEqual({
    pull: 'success',
    'pull-run': 'success',
  });
  const pull = units.find(({ name }) => name === 'pull');
  const now = Number(guest.run('date +%s'));
  expect(pull?.lastEnd).toBeGreaterThan(now - 3 * EVERY - 30);
  if (pull?.running === false) expect(pull.next).toBeLessThanOrEqual(now + EVERY + 2);
  const diagnosis = await project.zebu(['doctor', '--json'], { env: { HOME: server.home }, timeoutMs: EMULATED_MS });
  const { checks } = (JSON.parse(diagnosis.stdout) as { result: DoctorResult }).result;
  expect(checks.find(({ id }) => id === 'units')).toMatchObject({
    status: 'ok',
    detail: expect.stringMatching(/pull ran .*success/) as string,
  });
  interface Diff {
    readonly drift: readonly { readonly key: string; readonly found: string }[];
  }
  guest.run(
    `sudo systemctl disable --now zebu-pull@${APP}.timer 2>/dev/null; sudo systemctl mask zebu-pull-run@${APP}.path 2>/dev/null || :`,
  );
  const found = (await json<Diff>('vm:diff')).drift.find(({ key }) => key === 'guest.units')?.found;
  expect(found).toContain(`zebu-pull@${APP}.timer disabled`);
  await json('vm:apply');
  expect((await json<Diff>('vm:diff')).drift.map(({ key }) => key)).not.toContain('guest.units');
});

it('has a sandbox in which Docker, the home and the rest of the disk are not to be had', async () => {
  // The same unit with another program.
  guest.run(`cat >/opt/zebu/${APP}/pull/probe <<'END'
docker version --format x; touch /opt/zebu/x; ls /home/deploy; sudo -n id; touch /opt/zebu/${APP}/pull/state/x && echo wrote
END
sed -e 's|^ExecStart=.*|ExecStart=/bin/sh /opt/zebu/${APP}/pull/probe|' -e 's|^StandardOutput=.*|StandardOutput=file:/var/log/probe|' -e 's|^StandardError=.*|StandardError=inherit|' /etc/systemd/system/zebu-pull@${APP}.service | sudo tee /run/systemd/system/probe.service >/dev/null
sudo systemctl daemon-reload; sudo systemctl start probe.service`);
  const said = guest.run('sudo cat /var/log/probe');
  expect(said).toMatch(/docker.*(permission denied|cannot connect)|(permission denied|cannot connect).*docker/i);
  expect(said).toMatch(/touch: .*\/opt\/zebu\/x.*Read-only file system/);
  expect(said).toMatch(/ls: cannot (access|open directory) .*\/home\/deploy/);
  expect(said).toMatch(/sudo: .*no new privileges/i);
  expect(said).toMatch(/^wrote$/m);
  const score = guest.run(`systemd-analyze security --no-pager zebu-pull@${APP}.service | tail -n 1`);
  console.error(score);
  expect(Number(/level for \S+: (\d+\.\d)/.exec(score)?.[1])).toBeLessThan(3);
});

it('has a journal that does not grow while nothing happens', async () => {
  const lines = (): number => Number(guest.run(`sudo journalctl -u 'zebu-*@${APP}.*' --no-pager -q | wc -l`));
  const ended = (): string =>
    guest.run(`systemctl show zebu-pull@${APP}.service -p ExecMainExitTimestampMonotonic --value`);
  const before = lines();
  const times = new Set<string>();
  await until('it has looked three times', async () => times.add(ended()).size > 3);
  expect(lines()).toBe(before);
});
