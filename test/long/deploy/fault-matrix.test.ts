import { writeFileSync, readFileSync, existsSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { theLab } from '../../support/lab.js';
import type { AppStatus } from '../../../src/lib/app-folder/results.js';
import type { VmStatus } from '../../../src/lib/vm/results.js';
import { guestShell, hostShell } from '../../support/guest-shell.js';
import { tinyApp, version } from '../../support/tiny-app.js';
import * as faults from './faults.js';
import { FAULTS, happens, STEPS, type Bench, type Fault, type StepName } from './faults.js';

/**
 * ZEBU_FAULT_MATRIX=full runs every cell; ZEBU_FAULT_MATRIX='step/fault' one, with * for either a row or a column, several with
 * a semicolon between; otherwise a way through all rows and columns.
 */
const wanted = process.env['ZEBU_FAULT_MATRIX'] ?? '';

const WAY: readonly (readonly [StepName, Fault])[] = [
  ['check', 'runner killed'],
  ['build', 'client killed'],
  ['build+', 'dockerd killed'],
  ['release-command', 'runner and watcher killed'],
  ['start-up', 'connection cut'],
  ['start-up+', 'runner killed'],
  ['verify', 'VM powered off'],
  ['probe', 'dockerd killed'],
  ['commit', 'runner killed'],
  ['prune', 'VM powered off'],
  ['hook', 'disk full'],
  ['start-up', 'disk full'],
  ['before', 'git object damaged'],
  ['start-up', 'clock a day ahead'],
  ['in-force', 'clock a day back'],
  ['before', 'disk full'],
];

function chosen(): readonly (readonly [StepName, Fault])[] {
  const all = FAULTS.flatMap((fault) => STEPS.map((step) => [step, fault] as const)).filter(([step, fault]) =>
    happens(step, fault),
  );
  if (wanted === 'full') return all;
  // In the order they are named.
  const named = wanted
    .split(';')
    .flatMap((each) => all.filter(([step, fault]) => [`${step}/${fault}`, `${step}/*`, `*/${fault}`].includes(each)));
  if (wanted !== '') return [...new Set(named)];
  return WAY;
}

/** Where what was seen is kept; only when asked for. */
const record = process.env['ZEBU_FAULT_RECORD'];

function remember(step: StepName, fault: Fault, what: string): void {
  if (record === undefined) return;
  const seen = existsSync(record) ? (JSON.parse(readFileSync(record, 'utf8')) as Record<string, string>) : {};
  writeFileSync(record, JSON.stringify({ ...seen, [`${step}/${fault}`]: what }, undefined, 2));
}

describe('whatever happens during a deploy, the app serves the old or the new release', () => {
  let bench: Bench;
  let number = 1;
  const versions = new Map<string, string>();

  beforeAll(async () => {
    const project = tinyApp({
      lab: theLab(),
      app: 'faults',
      config: {
        deploy: {
          min_free_mb: 0,
          probes: [{ http: 'http://127.0.0.1:8080/version' }],
          release_command: { service: 'store', command: ['/bin/busybox', 'true'] },
        },
      },
    });
    // One of them may write to the checkout, whose files follow the release that serves.
    project.write('compose.yml', project.read('compose.yml').replace('[data:/data]', "[data:/data, '.:/checkout']"));
    version(project, 'v1');
    await project.json(['vm:create']);
    const status = await project.json<VmStatus>(['vm:status']);
    const address = status.ip ?? '';
    const guest = guestShell(address, faults.keyOf(project));
    bench = { project, guest, host: hostShell(theLab()), vmid: status.vmid, address };
    await project.json(['app:deploy', '--tag', 'v1']);
    faults.ownClock(bench);
    guest.run(
      'docker exec faults-store-1 /bin/busybox sh -c "echo precious | /bin/busybox tee /data/marker >/checkout/marker"',
    );
  }, 600_000);
  afterAll(async () => {
    // Undefined when it could not be set up.
    const { project } = (bench as Bench | undefined) ?? {};
    await project?.zebu(['vm:destroy', '--yes']);
    project?.remove();
  }, 300_000);

  /** Everything of the guest on one small disk that can be filled. */
  function smallDisk(): void {
    const { guest } = bench;
    guest.run(
      [
        'findmnt /mnt >/dev/null && exit 0',
        'sudo mount -t tmpfs -o size=600m tmpfs /mnt',
        'sudo cp -a /opt/zebu /mnt/zebu && sudo mount --bind /mnt/zebu /opt/zebu',
        'docker stop faults-web-1 faults-store-1 >/dev/null',
        'sudo kill $(cat /run/docker.pid)',
        'while sudo test -e /run/docker.pid; do sleep 0.2; done',
        'sudo cp -a /var/lib/docker /mnt/docker && sudo mount --bind /mnt/docker /var/lib/docker',
        'sudo true; for n in $(seq 100); do docker version >/dev/null 2>&1 && break; sleep 0.3; done',
        'docker start faults-store-1 faults-web-1 >/dev/null',
      ].join('\n'),
    );
  }

  it.each(chosen())(
    '%s: %s',
    async (step, fault) => {
      const { project, guest } = bench;
      if (fault === 'disk full') smallDisk();
      const before = await faults.served(bench);
      const { release } = await project.json<AppStatus>(['app:status']);
      versions.set(release ?? '', before);
      const after = `v${++number}`;
      version(project, after);
      let client: faults.Client;
      if (step === 'before') {
        await faults.inject(bench, fault, step, undefined);
        client = faults.startDeploy(bench, after);
        await client.ended;
      } else {
        faults.pauseAt(bench, step);
        client = faults.startDeploy(bench, after);
        await faults.paused(bench, client);
        await faults.inject(bench, fault, step, client);
      }
      faults.settled(bench, fault !== 'runner and watcher killed');
      if (fault === 'runner and watcher killed') {
        const { interrupted } = await project.json<AppStatus>(['app:status']);
        expect(interrupted).not.toBeNull();
        await project.json(['app:recover']);
      }
      const code = await client.ended;

      const serves = await faults.served(bench);
      expect([before, after]).toContain(serves);
      const status = await faults.healthy(bench);
      if (status.last?.ref === after) versions.set(status.last.id, after);
      expect(status).toMatchObject({ healthy: true, interrupted: null, deploying: null });
      // What could not be received has not begun, and is told by the client alone.
      if (step !== 'before' || code === 0) expect(status.last?.ref).toBe(after);
      else expect([serves, code]).toEqual([before, 6]);
      if (status.last?.ref === after) expect(status.last.seconds).toBeLessThan(300);
      expect(versions.get(status.release ?? '')).toBe(serves);
      expect(guest.run('docker exec faults-store-1 /bin/busybox cat /checkout/web/www/version /checkout/marker')).toBe(
        `${serves}\nprecious`,
      );
      remember(step, fault, `${serves === after ? 'new' : 'old'} (${code ?? 'killed'})`);

      await project.json(['app:deploy', '--tag', after]);
      expect(await faults.served(bench)).toBe(after);
      expect(guest.run('docker exec faults-store-1 /bin/busybox cat /data/marker')).toBe('precious');
      expect(guest.run('docker exec faults-web-1 /bin/busybox env').split('\n')).toContain('TOKEN=first');
    },
    300_000,
  );
});
