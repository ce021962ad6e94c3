/** Rebuilds after which a machine does not come up; the others that do not come to a good end: test/integration/vm. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { theLab } from '../../support/lab.js';
import { fault } from '../../support/lab-control.js';
import { RebuiltApp, servedAt } from '../../support/rebuilt-app.js';

let app: RebuiltApp;
let ip: string;
let vmid: number;

beforeAll(async () => {
  app = await RebuiltApp.make(theLab(), 'stuck');
  ({ ip, vmid } = await app.current());
}, 600_000);
afterAll(() => app.remove());

describe('vm:rebuild', () => {
  it('takes away a new VM that never comes up, and has not touched the old one', async () => {
    const failure = await app.fails('--set', 'vm.ready_timeout=1');
    expect(failure).toMatchObject({ exit: 6, code: 'VM_NOT_READY' });
    await app.isAsBefore(vmid, ip, 'v2');
  });

  it('stays where it is when the old VM does not start', async () => {
    const rebuilt = await app.rebuild();
    await fault(app.lab, { kind: 'fail-task', task: 'qmstart', reason: 'no room' });
    const failure = await app.fails('--back', '--yes');
    expect(failure).toMatchObject({ exit: 7, code: 'REBUILD_RESTORED' });
    expect(failure.message).toContain(`serves from VM ${rebuilt.to?.vmid} as before`);
    expect(await servedAt(ip)).toBe('v2');
    expect(await app.current()).toMatchObject({ vmid: rebuilt.to?.vmid, ip });
    expect(await app.config(vmid)).toMatchObject({
      tags: expect.stringContaining('zebu-former') as string,
      net0: expect.stringContaining('link_down=1') as string,
    });
  });

  it('says when neither is seen to serve, and the next one has one serve', async () => {
    const { vmid: now } = await app.current();
    expect(await app.fails('--back', '--yes', '--set', 'vm.ready_timeout=1')).toMatchObject({
      exit: 8,
      code: 'REBUILD_UNHEALTHY',
    });
    const doctor = await app.project.zebu(['doctor', '--json']);
    expect(doctor.stdout).toContain('a rebuild was interrupted');
    const again = await app.rebuild();
    expect(again).toMatchObject({ resumed: true, verdict: 'live', to: { vmid } });
    expect(await servedAt(ip)).toBe('v2');
    expect((await app.machines()).find((each) => each.vmid === now)).toMatchObject({ status: 'stopped' });
    expect(await app.rebuild('--forget', '--yes')).toMatchObject({ from: { vmid: now } });
    await app.isAsBefore(vmid, ip, 'v2');
  });
});
