import { chmodSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { theLab } from '../../support/lab.js';
import type { ReleaseRecord } from '../../../src/lib/app-folder/history.js';
import type { ChangedSecrets, SecretsList } from '../../../src/lib/secrets/results.js';
import type { CliRun } from '../../support/cli.js';
import { guestShell, type Shell } from '../../support/guest-shell.js';
import { makeProject, type Project } from '../../support/project.js';
import { APP_FILES, DECLARED } from '../../integration/secrets/app.js';

const BASE = '/opt/zebu/rotate-a';

/** Who is killed: the runner, whose watcher then undoes; or both, so that whoever comes next has to. */
const RUNNER_ONLY = 'kill -9 $(cat worker)';
const BOTH = 'kill -9 $(cat watcher) $(cat worker)';

describe('a rotation', { timeout: 300_000 }, () => {
  let project: Project;

  // Straight to the guest: what is asked there is no part of what is tested.
  let guest: Shell;
  const inVm = async (line: string): Promise<string> => Promise.resolve(guest.run(line));
  const container = (service: string): Promise<string> =>
    inVm(
      `docker ps -q --no-trunc -f label=com.docker.compose.project=rotate-a -f label=com.docker.compose.service=${service}`,
    );
  const variable = async (service: string, name: string): Promise<string> =>
    inVm(`docker exec ${await container(service)} sh -c 'printf %s "$${name}"'`);
  const password = (): Promise<string> => variable('db', 'DB_PASSWORD');
  const inData = async (): Promise<string> => inVm(`docker exec ${await container('db')} cat /data/password`);
  const newest = async (): Promise<ReleaseRecord> =>
    JSON.parse(await inVm(`tail -n 1 ${BASE}/releases.jsonl`)) as ReleaseRecord;
  const digests = async (): Promise<unknown> =>
    (await project.json<SecretsList>(['secrets:list'])).secrets.map(({ name, digest, state }) => [name, digest, state]);
  const healthy = async (): Promise<unknown> =>
    (await project.json<{ healthy: boolean; drift: unknown }>(['app:status'])) satisfies object;

  /** Rotates, and runs `kill` in the VM while the rotation stands still at a step, or is in its command. */
  async function interrupted(at: string, kill: string): Promise<CliRun> {
    const inCommand = at === 'command';
    await inVm(inCommand ? `docker exec ${await container('db')} touch /data/slow` : `printf ${at} >${BASE}/pause-at`);
    const running = project.zebu(['secrets:rotate', 'DB_PASSWORD', '--json']);
    const reached = inCommand
      ? 'docker exec $(docker ps -q -f name=db) test -e /data/busy'
      : `grep -q pause-at "$journal" && ! grep -q '"end":' "$journal"`;
    await inVm(
      `cd ${BASE} && n=0 && until journal=journals/$(ls -t journals | head -n 1) && ${reached} 2>/dev/null; do n=$((n+1)); [ $n -lt 300 ] || exit 1; sleep 0.2; done; ${kill}; rm -f pause-at`,
    );
    return running;
  }

  beforeAll(async () => {
    project = makeProject({
      lab: theLab(),
      app: 'rotate-a',
      files: APP_FILES,
      config: {
        deploy: { stability: 1, timeout: 30, services: { api: { strategy: 'rolling' } } },
        secrets: {
          ...DECLARED,
          DB_PASSWORD: {
            generate: true,
            rotate: {
              service: 'db',
              command: [
                '[ "$(cat /data/password)" = "$ZEBU_OLD" ] || { echo "the data has another password"; exit 3; }',
                'if [ -e /data/slow ]; then rm /data/slow; touch /data/busy; sleep 4; rm /data/busy; fi',
                'printf %s "$ZEBU_NEW" >/data/password',
              ].join('\n'),
            },
          },
        },
      },
    });
    chmodSync(`${project.folder}/.zebu/hooks/pre-build`, 0o755);
    project.write('.env', 'API_TOKEN=first-token-1\n', 0o600);
    project.release('v1');
    const { ip } = await project.json<{ ip: string }>(['vm:create']);
    guest = guestShell(ip, project.key);
    await project.json(['app:deploy', '--tag', 'v1']);
  });
  afterAll(async () => {
    await project.zebu(['vm:destroy', '--yes']);
    project.remove();
  });

  it('puts the new container of a rolling service beside the old one: nobody waits', async () => {
    const [api, idle] = [await container('api'), await container('idle')];
    const rotated = await project.json<ChangedSecrets>(['secrets:rotate', 'API_TOKEN', '--generate']);
    expect(rotated).toMatchObject({ applied: true, services: ['api'] });
    expect(await variable('api', 'API_TOKEN')).toMatch(/^[A-Za-z0-9]{32}$/);
    expect(await container('api')).not.toBe(api);
    expect(await container('idle')).toBe(idle);
    expect(await newest()).toMatchObject({ mode: 'secrets', verdict: 'live', gaps: { api: 0 } });
    // One that is not rolling has a gap: zero above is measured.
    await project.json(['secrets:rotate', 'DB_PASSWORD']);
    expect((await newest()).gaps['db']).toBeGreaterThan(0);
    expect(await inData()).toBe(await password());
    expect(await healthy()).toMatchObject({ healthy: true, drift: [] });
  });

  it('that breaks a rolling service never stops the old container', async () => {
    const [api, before] = [await container('api'), await digests()];
    const run = await project.zebu(['secrets:rotate', 'API_TOKEN', '--stdin'], { stdin: 'broken-value-2\n' });
    expect([run.code, run.stderr]).toEqual([7, expect.stringContaining('does not work with the new API_TOKEN')]);
    expect(await container('api')).toBe(api);
    expect(await digests()).toEqual(before);
    expect(await newest()).toMatchObject({ verdict: 'restored', gaps: { api: 0 } });
    expect(await healthy()).toMatchObject({ healthy: true, drift: [] });
  });

  describe('whose runner is killed', () => {
    let before: { password: string; digests: unknown };
    beforeEach(async () => {
      before = { password: await password(), digests: await digests() };
      expect(await inData()).toBe(before.password);
    });
    const oldIsLive = async (): Promise<void> => {
      expect([await inData(), await password()]).toEqual([before.password, before.password]);
      expect(await digests()).toEqual(before.digests);
      expect(await healthy()).toMatchObject({ healthy: true, drift: [], interrupted: null });
      expect(await inVm(`cd ${BASE} && ls shared/secrets | grep -E "apply|new$" || true`)).toBe('');
    };

    it.each(['rotate', 'command', 'start-up', 'verify'])('at %s ends with the old value', async (at) => {
      const run = await interrupted(at, RUNNER_ONLY);
      expect(run.code, run.stdout + run.stderr).toBe(7);
      expect(run.stdout).toContain('The new DB_PASSWORD did not come into force: the run in the VM was interrupted');
      await oldIsLive();
      expect(await newest()).toMatchObject({ mode: 'secrets', verdict: 'restored' });
    });

    it('once it was verified ends with the new value', async () => {
      const run = await interrupted('commit', RUNNER_ONLY);
      expect(run.code, run.stdout + run.stderr).toBe(0);
      expect(await inData()).toBe(await password());
      expect(await password()).not.toBe(before.password);
      expect(await healthy()).toMatchObject({ healthy: true, drift: [], interrupted: null });
    });

    it('with its watcher is undone by app:recover, or by the next change before it begins', async () => {
      const first = await interrupted('start-up', BOTH);
      expect(first.code, first.stderr).toBe(9);
      expect((await project.zebu(['secrets:list'])).stderr).toContain('A change of secrets was interrupted in the VM');
      await project.json(['app:recover']);
      await oldIsLive();

      await interrupted('verify', BOTH);
      // What was compared with is gone by then, so that nothing is made of values that do not count.
      await vi.waitFor(async () => project.json(['secrets:rotate', 'DB_PASSWORD']), { timeout: 120_000, interval: 1 });
      expect(await inData()).toBe(await password());
      expect(await password()).not.toBe(before.password);
      expect(await healthy()).toMatchObject({ healthy: true, drift: [], interrupted: null });
    });
  });
});
