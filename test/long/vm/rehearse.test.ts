/** A release is carried out in an unplugged clone, on the data that is there: what would fail fails there, and production is not touched. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { theLab } from '../../support/lab.js';
import { killZebu } from '../../support/cli.js';
import { fault } from '../../support/lab-control.js';
import { nodeOf } from '../../support/node.js';
import type { Project } from '../../support/project.js';
import { tinyApp, version } from '../../support/tiny-app.js';

const lab = theLab();
const node = nodeOf(lab);

interface Rehearsal {
  readonly release: string;
  readonly verdict: string;
  readonly why: string;
  readonly evidence: readonly string[];
  readonly seconds: number;
  readonly steps: readonly { readonly step: string; readonly seconds: number }[];
  readonly gaps: Readonly<Record<string, number>>;
  readonly memory: { readonly total: number; readonly leastAvailable: number | null };
  readonly disk: { readonly before: number; readonly after: number };
  readonly data: { readonly before: number; readonly after: number };
  readonly vmid: number;
  readonly kept: boolean;
}
interface Failure {
  readonly code: string;
  readonly message: string;
  readonly details: Rehearsal;
}
interface Status {
  readonly release: string;
  readonly live: { readonly ref: string };
  readonly services: readonly { readonly service: string; readonly container: string; readonly startedAt: string }[];
}

let project: Project;

const inStore = (script: string): Promise<{ readonly stdout?: string }> =>
  project.json(['app:exec', 'store', '--', '/bin/busybox', 'sh', '-c', script]);

/** The containers of production, with when they were started: another one, or a restart, is another. */
async function production(): Promise<readonly string[]> {
  const { release, services } = await project.json<Status>(['app:status']);
  return [release, ...services.map(({ service, startedAt }) => `${service} ${startedAt}`)];
}

async function vms(): Promise<number> {
  return (await node.ask<readonly unknown[]>('GET', '/nodes/pve/qemu')).length;
}

async function guest(command: string): Promise<string> {
  return (await project.json<{ stdout: string }>(['vm:exec', '--', 'sh', '-c', command])).stdout;
}

/** Seconds of these steps in a journal of the VM. */
async function took(release: string, steps: readonly string[]): Promise<number> {
  const lines = (await guest(`cat /opt/zebu/rehearsed/journals/${release}.jsonl`)).trim().split('\n');
  const events = lines.map((line) => JSON.parse(line) as { t?: number; step: string; state?: string });
  const begun = events.filter(({ state }) => state === 'begin');
  const last = events.findLast(({ t }) => t !== undefined)?.t ?? 0;
  return begun.reduce(
    (sum, { step, t = 0 }, at) => sum + (steps.includes(step) ? (begun[at + 1]?.t ?? last) - t : 0),
    0,
  );
}

/** A release whose migration is this script. */
function migration(tag: string, script: string): void {
  project.write('store/migrate', script);
  version(project, tag);
}

const STRICT = `#!/bin/busybox sh
while IFS=, read -r id email; do
  [ -n "$email" ] || { echo "ERROR: column email of row $id is null"; exit 1; }
done </data/rows
/bin/busybox sleep 15
echo migrated >/data/schema
/bin/busybox dd if=/dev/zero of=/data/index bs=1024 count=2048 2>/dev/null
`;

beforeAll(async () => {
  project = tinyApp({
    lab,
    app: 'rehearsed',
    config: {
      vm: { boot_timeout: 60 },
      deploy: {
        timeout: 60,
        probes: [{ http: 'http://127.0.0.1:8080/version' }],
        release_command: { service: 'store', command: ['/bin/busybox', 'sh', '/migrate'] },
      },
    },
  });
  project.write(
    'store/Dockerfile',
    project.read('store/Dockerfile').replace('CMD', 'COPY store/migrate /migrate\nCMD'),
  );
  await project.json(['vm:create']);
  migration('v1', 'true\n');
  await project.json(['app:deploy', '--tag', 'v1']);
  await inStore(
    'i=0; while [ $i -lt 10000 ]; do i=$((i + 1)); [ $i = 7777 ] && echo $i, || echo $i,a@example.org; done >/data/rows',
  );
}, 600_000);
afterAll(async () => {
  await project.zebu(['app:rehearse', '--clean']);
  await project.zebu(['vm:destroy', '--yes']);
  project.remove();
});

describe('app:rehearse', () => {
  it('fails with the row that the migration trips over; production is not touched: exit 7', async () => {
    migration('v2', STRICT);
    const before = await production();
    const run = await project.zebu(['app:rehearse', '--tag', 'v2', '--json']);
    const { error } = JSON.parse(run.stdout) as { error: Failure };
    expect(run.code).toBe(7);
    expect(error.code).toBe('REHEARSAL_FAILED');
    expect(error.message).toContain('ERROR: column email of row 7777 is null');
    expect(error.details).toMatchObject({ verdict: 'restored', kept: false });
    expect(run.stderr).toContain('ERROR: column email of row 7777 is null');
    expect(await production()).toEqual(before);
    expect(await guest('ls /var/lib/docker/volumes/rehearsed_data/_data')).not.toContain('schema');
    expect(await vms()).toBe(1);
    // The history is that of production.
    expect(await guest('cat /opt/zebu/rehearsed/releases.jsonl | wc -l')).toBe('1\n');
  });

  it('does not go on to deploy what failed', async () => {
    const before = await production();
    const run = await project.zebu(['app:deploy', '--tag', 'v2', '--rehearse']);
    expect(run.code).toBe(7);
    expect(await production()).toEqual(before);
  });

  it('says how long a good one takes, to within 30 % of the deploy that follows', async () => {
    await inStore("/bin/busybox sed -i 's/^7777,$/7777,b@example.org/' /data/rows");
    const before = await production();
    const result = await project.json<Rehearsal>(['app:rehearse', '--tag', 'v2']);
    expect(result).toMatchObject({ verdict: 'live', why: '', evidence: [] });
    expect(Object.keys(result.gaps).toSorted()).toEqual(['store', 'web']);
    expect(result.memory.leastAvailable).toBeGreaterThan(0);
    expect(result.data.after - result.data.before).toBeGreaterThanOrEqual(2 * 1024 ** 2);
    expect(await production()).toEqual(before);
    expect(await vms()).toBe(1);
    const { release } = await project.json<{ release: string }>(['app:deploy', '--tag', 'v2']);
    const steps = ['release-command', 'start-up', 'verify', 'probe'];
    const real = await took(release, steps);
    const rehearsed = result.steps.reduce((sum, { step, seconds }) => sum + (steps.includes(step) ? seconds : 0), 0);
    expect(real).toBeGreaterThan(15);
    expect(Math.abs(rehearsed - real) / real).toBeLessThan(0.3);
  });

  it('leaves the clone for a look, and removes it', async () => {
    migration('v3', 'true\n');
    const { vmid, kept } = await project.json<Rehearsal>(['app:rehearse', '--tag', 'v3', '--keep']);
    expect(kept).toBe(true);
    const look = await project.json<{ stdout: string; vmid: number }>([
      'vm:exec',
      '--rehearsal',
      '--',
      'readlink',
      '/opt/zebu/rehearsed/current',
    ]);
    expect(look.vmid).toBe(vmid);
    // What is live in it is the release that production does not have.
    expect(look.stdout).not.toBe(await guest('readlink /opt/zebu/rehearsed/current'));
    expect(await project.json<{ vmid: number }>(['vm:status'])).not.toMatchObject({ vmid });
    // It is not taken for what a killed run has left.
    await project.json<Rehearsal>(['app:rehearse', '--tag', 'v3']);
    expect(await vms()).toBe(2);
    expect(await project.json(['app:rehearse', '--clean'])).toEqual({ changed: true, removed: [vmid] });
    expect(await vms()).toBe(1);
    expect(await project.json(['app:rehearse', '--clean'])).toEqual({ changed: false, removed: [] });
  });

  it.each(['Clone VM', 'Unplug its network', 'Rehearse v3'])(
    'killed at "%s", leaves a clone that nobody takes for the VM of the app, and the next run removes it',
    async (text) => {
      const { vmid } = await project.json<{ vmid: number }>(['vm:status']);
      if (text === 'Clone VM') await fault(lab, { kind: 'delay-task', task: 'qmclone', ms: 3000 });
      expect(
        await killZebu(['app:rehearse', '--tag', 'v3'], { cwd: project.folder, env: project.env }, [`- ${text}`]),
      ).toBe(`- ${text}`);
      for (let look = 0; look < 8; look++)
        expect(await project.json<{ vmid: number }>(['vm:status'])).toMatchObject({ vmid });
      expect(await project.json<Rehearsal>(['app:rehearse', '--tag', 'v3'])).toMatchObject({ verdict: 'live' });
      expect(await vms()).toBe(1);
    },
  );

  it('deploys with --rehearse what was good', async () => {
    const result = await project.json<{ verdict: string; ref: string }>(['app:deploy', '--tag', 'v3', '--rehearse']);
    expect(result).toMatchObject({ verdict: 'live', ref: 'v3' });
    expect(await vms()).toBe(1);
  });
});
