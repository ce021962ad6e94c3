import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { theLab } from '../../support/lab.js';
import type { DeployResult } from '../../../src/lib/deploy/results.js';
import { makeProject, proxmoxSection, type Project } from '../../support/project.js';
import { refusal } from '../../support/refusal.js';

describe('the main job in a fast guest', () => {
  let project: Project;

  beforeAll(async () => {
    project = makeProject({
      lab: theLab(),
      app: 'shop-a',
      example: 'shop',
      config: {
        app: { compose: ['compose.yml', 'compose.production.yml'] },
        secrets: { API_KEY: { required: true } },
      },
    });
    project.write('.gitignore', '.env\nbase/busybox\n');
    project.write('.env', 'API_KEY=a-key-of-the-test\n', 0o600);
    project.release('v1');
    await project.json(['vm:create']);
  });
  afterAll(async () => {
    await project.zebu(['vm:destroy', '--yes']);
    project.remove();
  });

  it('has nothing to tell of an app that was not deployed yet', async () => {
    expect(await refusal(project, ['app:status'])).toEqual({
      code: 'APP_MISSING',
      exit: 6,
      message: 'Nothing of the app shop-a was deployed yet',
      hint: 'Deploy it: zebu app:deploy --tag <tag>',
    });
  });

  it('says so when Docker in the VM does not answer', async () => {
    // The engine of a fast guest is nobody's service: what stops is that anyone reaches it.
    const move = (from: string, to: string): Promise<unknown> => project.json(['vm:exec', '--', 'mv', from, to]);
    const socket = '/run/docker.sock';
    await move(socket, `${socket}.away`);
    try {
      const silent = {
        code: 'DOCKER_MISSING',
        exit: 6,
        message: expect.stringMatching(
          /^Docker in the VM does not answer: .*(connect to the docker (daemon|API)|docker daemon running)/i,
        ) as string,
        hint: 'Look at it: zebu vm:ssh -- systemctl status docker',
      };
      expect(await refusal(project, ['app:status'])).toEqual(silent);
      expect(await refusal(project, ['app:exec', 'web', '--', 'true'])).toEqual(silent);
      const doctor = await project.zebu(['doctor', '--json']);
      const { checks } = (JSON.parse(doctor.stdout) as { result: { checks: readonly Record<string, string>[] } })
        .result;
      const row = checks.find(({ id }) => id === 'docker');
      expect([doctor.code, row?.['status'], row?.['code']]).toEqual([6, 'fail', 'DOCKER_MISSING']);
      expect(row?.['detail']).toMatch(/^\S.*\S$/);
    } finally {
      await move(`${socket}.away`, socket);
    }
  });

  it('plans the first release, and leaves no trace', async () => {
    const plan = await project.json<DeployResult>(['app:deploy', '--tag', 'v1', '--dry-run']);
    expect(plan).toMatchObject({ verdict: 'planned', previous: null, plan: { commits: null, deploying: null } });
    expect(plan.sentBytes).toBeGreaterThan(500);
    expect(plan.plan?.services.map(({ change }) => change)).toEqual(['added', 'added', 'added', 'added']);
    expect(plan.plan?.secrets).toEqual([{ name: 'API_KEY', status: 'added' }]);
    expect(plan.plan?.room.every(({ enough }) => enough)).toBe(true);
    const left = await project.zebu(['vm:ssh', '--', 'sh', '-c', 'ls -A /opt/zebu /tmp | grep -v systemd']);
    expect(left.stdout).not.toMatch(/shop-a|tmp\./);
  });

  it('deploys a tag, and says that it is healthy', async () => {
    const deployed = await project.json<{ release: string; ref: string }>(['app:deploy', '--tag', 'v1']);
    expect(deployed.ref).toBe('v1');
    const status = await project.json<{ healthy: boolean; release: string }>(['app:status']);
    expect(status).toMatchObject({ healthy: true, release: deployed.release });
  });

  it('goes back to no release that there is not, and shows no page without a proxy', async () => {
    expect(await refusal(project, ['app:rollback'])).toMatchObject({
      code: 'REF_UNKNOWN',
      exit: 6,
      message: 'There is no earlier release to go back to',
    });
    expect(await refusal(project, ['app:maintenance', 'off'])).toMatchObject({
      code: 'PROXY_MISSING',
      exit: 6,
      message: 'shop-a has no front proxy that could show a maintenance page',
    });
  });

  it('plans nothing for the same commit, and what changes for another', async () => {
    const same = await project.json<DeployResult>(['app:deploy', '--tag', 'v1', '--dry-run']);
    expect(same.plan).toMatchObject({ ahead: 0, behind: 0, secrets: [] });
    expect(new Set(same.plan?.services.map(({ change }) => change))).toEqual(new Set(['unchanged']));

    project.write('web/www/index.html', 'the second\n');
    project.write(
      'compose.extra.yml',
      'services: { api: { environment: { MORE: "1" } }, cache: { image: cache:1 } }\n',
    );
    project.release('v2');
    project.write('.env', 'API_KEY=another-key-of-the-test\n', 0o600);
    const set = ['--set', 'app.compose=compose.yml,compose.production.yml,compose.extra.yml'];
    const plan = await project.json<DeployResult>(['app:deploy', '--tag', 'v2', '--dry-run', ...set]);
    const found = Object.fromEntries(plan.plan?.services.map((each) => [each.service, each] as const) ?? []);
    expect(plan.plan?.commits?.map(({ subject }) => subject)).toEqual(['v2']);
    expect(found['cache']?.change).toBe('added');
    expect(found['api']).toMatchObject({
      change: 'replaced',
      strategy: 'recreate',
      reasons: ['settings changed: environment', 'another value of API_KEY', 'built from 2 changed files'],
    });
    expect(found['web']?.change).toBe('maybe-replaced');
    expect(found['migrate']?.reasons).toEqual(['image of store: built from 2 changed files']);
    expect(plan.plan?.secrets).toEqual([{ name: 'API_KEY', status: 'changed' }]);
    expect(JSON.stringify(plan)).not.toContain('key-of-the-test');

    const text = await project.zebu(['app:deploy', '--tag', 'v2', '--dry-run', ...set]);
    expect(text.stdout).toMatch(/^api +replace +recreate/m);
    expect(text.stdout).toContain('secrets: API_KEY changed');
    const status = await project.json<{ release: string }>(['app:status']);
    expect(status.release).toBe(same.previous);
  });

  it('says in the plan why Compose refuses the files', async () => {
    project.write('compose.extra.yml', 'services: { api: { prots: [] } }\n');
    project.release('v3');
    const set = ['--set', 'app.compose=compose.yml,compose.extra.yml'];
    const run = await project.zebu(['app:deploy', '--tag', 'v3', '--dry-run', ...set]);
    expect(run.code).toBe(6);
    expect(run.stderr.split('\n')[0]).toMatch(/^Error: Compose refuses the files of v3: .*prots/);
  });

  it(
    'takes a snapshot before the switch, where that is allowed, and keeps the newest',
    { timeout: 300_000 },
    async () => {
      const always = ['--set', 'deploy.snapshot=always'];
      const refused = await project.zebu(['app:deploy', '--tag', 'v1', ...always]);
      expect(refused.code).toBe(6);
      expect(refused.stderr).toContain('deploy.snapshot_freeze');
      const names: string[] = [];
      for (const run of [1, 2]) {
        const allowed = [...always, '--set', 'deploy.snapshot_freeze=true'];
        const { release } = await project.json<DeployResult>(['app:deploy', '--tag', 'v1', ...allowed]);
        const { list } = await project.json<{ list: readonly { name: string }[] }>(['vm:snapshot:list']);
        expect(list.map(({ name }) => name)).toEqual([`deploy-${release}`]);
        names.push(release);
        expect(names.length).toBe(run);
      }
      const detached = await project.zebu(['app:deploy', '--tag', 'v1', '--detach', ...always]);
      expect([detached.code, detached.stderr.split('\n')[0]]).toEqual([
        2,
        'Error: With --detach nobody is there to take the snapshot that deploy.snapshot asks for',
      ]);
    },
  );

  it('deploys the next tag over the other transport, to the same VM', async () => {
    const { transport, host, port, token_file, fingerprint } = proxmoxSection(theLab(), 'api');
    const env = {
      ZEBU_PROXMOX_TRANSPORT: String(transport),
      ZEBU_PROXMOX_HOST: String(host),
      ZEBU_PROXMOX_PORT: String(port),
      ZEBU_PROXMOX_TOKEN_FILE: String(token_file),
      ZEBU_PROXMOX_FINGERPRINT: String(fingerprint),
    };
    project.release('v4');
    const { release } = await project.json<DeployResult>(['app:deploy', '--tag', 'v4'], { env });
    expect(await project.json(['app:status'], { env })).toMatchObject({ healthy: true, release });
    expect(await project.json(['vm:create'], { env })).toMatchObject({ changed: false });
  });

  it('refuses a tag that does not exist with one line and exit status 6', async () => {
    const run = await project.zebu(['app:deploy', '--tag', 'nope']);
    expect(run.code).toBe(6);
    expect(run.stdout).toBe('');
    expect(run.stderr.split('\n')[0]).toBe('Error: There is no tag nope in this repository');
  });
});
