import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { theLab } from '../../support/lab.js';
import type { VmStatus } from '../../../src/lib/vm/results.js';
import { hostShell } from '../../support/guest-shell.js';
import { ProbationApp } from '../../support/probation-app.js';
import * as faults from './faults.js';
import type { Bench, Client, StepName } from './faults.js';

/** `watch`: while it is well and looked at; the others: while it is gone back from, at the journalled step. */
const STEPS = ['watch', 'probation', 'start-up', 'start-up+', 'verify'] as const;
const FAULTS = ['runner killed', 'unit killed', 'dockerd killed', 'VM powered off'] as const;
type Fault = (typeof FAULTS)[number];

/** ZEBU_FAULT_MATRIX='probation/runner killed' runs one cell. */
const [onlyStep, onlyFault] = (process.env['ZEBU_FAULT_MATRIX'] ?? '').split('/');
const all = STEPS.flatMap((step) => FAULTS.map((fault) => [step, fault] as const));
const one = all.filter(([step, fault]) => step === onlyStep && fault === onlyFault);

/** Nobody at a client waits for what a VM does by itself. */
const NOBODY = { ended: new Promise<null>(() => {}) } as unknown as Client;

/** The unit goes with all that it has started, as when systemd kills it. */
const KILL = {
  'runner killed': "pkill -9 -f '[r]unner (probation|watch|recover)'",
  'unit killed': "pkill -9 -f '[u]nits/probation|[r]unner (probation|watch|recover)'",
};

async function happen(bench: Bench, step: StepName, fault: Fault): Promise<void> {
  if (fault === 'dockerd killed' || fault === 'VM powered off') return faults.inject(bench, fault, step, NOBODY);
  const goOn = `rm -f /opt/zebu/${bench.project.app}/pause-at`;
  bench.guest.run(step.endsWith('+') ? `${goOn}; sleep 0.4; ${KILL[fault]}` : `${KILL[fault]}; ${goOn}`);
}

describe('whatever happens during a probation, the release before is back and verified', () => {
  let app: ProbationApp;
  let bench: Bench;
  let number = 1;

  beforeAll(async () => {
    app = await ProbationApp.make(theLab(), 'probed');
    const { vmid, ip } = await app.project.json<VmStatus>(['vm:status']);
    bench = { project: app.project, guest: app.guest, host: hostShell(theLab()), vmid, address: ip ?? '' };
    await app.deploy('v1');
  }, 600_000);
  afterAll(() => app.remove(), 300_000);

  it.each(one.length > 0 ? one : all)(
    '%s: %s',
    async (step, fault: Fault) => {
      const tag = `v${++number}`;
      const { previous } = await app.deploy(tag);
      if (step === 'watch') {
        await happen(bench, step as StepName, fault);
        faults.settled(bench, true);
        expect((await faults.healthy(bench)).live?.ref).toBe(tag);
        app.sicken();
      } else {
        faults.pauseAt(bench, step as StepName);
        app.sicken();
        await faults.paused(bench, NOBODY);
        await happen(bench, step as StepName, fault);
        // Somebody in the VM ends it whoever is killed: the unit is started again.
        faults.settled(bench, true);
      }
      await app.over();
      expect(await faults.healthy(bench)).toMatchObject({ healthy: true, release: previous, probation: null });
      expect([app.runs(), await app.newest()]).toMatchObject([
        'v1',
        { mode: 'probation', verdict: 'restored', cause: 'probation', ref: tag },
      ]);
    },
    300_000,
  );
});
