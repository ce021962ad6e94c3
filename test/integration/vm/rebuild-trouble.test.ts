/** Rebuilds that do not come to a good end: the old machine serves. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { theLab } from '../../support/lab.js';
import { fault } from '../../support/lab-control.js';
import { RebuiltApp, servedAt } from '../../support/rebuilt-app.js';
import { version } from '../../support/tiny-app.js';

let app: RebuiltApp;
let ip: string;
let vmid: number;

interface Failure {
  readonly error: { readonly code: string; readonly message: string; readonly hint?: string };
}

beforeAll(async () => {
  app = await RebuiltApp.make(theLab(), 'troubled');
  ({ ip, vmid } = await app.current());
}, 600_000);
afterAll(() => app.remove());

/** A release whose `pre-deploy` lets a rebuild start it so many times, and not once more. */
async function startsOnly(times: number): Promise<void> {
  app.project.write(
    '.zebu/hooks/pre-deploy',
    `#!/bin/sh
[ "$ZEBU_MODE" = rebuild ] || exit 0
echo once >>/var/tmp/starts
[ "$(wc -l </var/tmp/starts)" -le ${times} ] || { echo 'not in this machine'; exit 1; }
`,
    0o755,
  );
  version(app.project, `starts-${times}`);
  await app.project.json(['app:deploy', '--tag', `starts-${times}`]);
}

async function startsAlways(): Promise<void> {
  app.project.write('.zebu/hooks/pre-deploy', '#!/bin/sh\n', 0o755);
  version(app.project, 'starts-always');
  await app.project.json(['app:deploy', '--tag', 'starts-always']);
}

async function fails(...flags: readonly string[]): Promise<{ readonly exit: number } & Failure['error']> {
  const run = await app.project.zebu(['vm:rebuild', '--json', ...flags]);
  return { exit: run.code ?? 0, ...(JSON.parse(run.stdout) as Failure).error };
}

async function asBefore(served: string): Promise<void> {
  expect(await servedAt(ip)).toBe(served);
  expect(await app.current()).toMatchObject({ vmid, ip });
  expect((await app.machines()).map((each) => each.vmid)).toEqual([vmid]);
  expect(await app.config(vmid)).toMatchObject({ tags: expect.not.stringContaining('former') as string });
}

describe('vm:rebuild', () => {
  it('goes on in the old VM when the release is not good in the new one', async () => {
    await startsOnly(0);
    const failure = await fails();
    expect(failure).toMatchObject({ exit: 7, code: 'REBUILD_RESTORED' });
    expect(failure.message).toContain(`serves from VM ${vmid} as before`);
    await asBefore('starts-0');
  });

  it('goes back to the old VM when the app is not good once the new one has the address', async () => {
    await startsOnly(1);
    const failure = await fails();
    expect(failure).toMatchObject({ exit: 7, code: 'REBUILD_RESTORED' });
    // It was there for clients by then, and may have what nobody else has.
    const kept = (await app.machines()).find((each) => each.vmid !== vmid);
    expect(kept).toMatchObject({ status: 'stopped', tags: expect.stringContaining('zebu-former') as string });
    expect(failure.hint).toContain(`VM ${kept?.vmid} is kept`);
    expect(await app.config(kept?.vmid ?? 0)).toMatchObject({
      net0: expect.stringContaining('link_down=1') as string,
    });
    expect(await app.config(vmid)).toMatchObject({ tags: expect.not.stringContaining('handover') as string });
    expect(await app.rebuild('--forget', '--yes')).toMatchObject({ from: { vmid: kept?.vmid } });
    await asBefore('starts-1');
    expect(await app.inStore('/bin/busybox wc -l </data/rows')).toMatch(/^10000/);
  });

  it('refuses what cannot be, before anything is made', async () => {
    expect(await fails('--set', 'vm.memory_mb=900000')).toMatchObject({ exit: 6, code: 'NO_SPACE' });
    expect(await fails('--set', `vm.vmid=${vmid}`)).toMatchObject({ exit: 3, code: 'CONFIG_INVALID' });
    expect(await fails('--set', 'vm.network.address=10.0.0.9/24')).toMatchObject({ exit: 3, code: 'CONFIG_INVALID' });
    expect(await fails('--set', 'vm.storage=nowhere')).toMatchObject({ exit: 3, code: 'CONFIG_INVALID' });
    await app.project.json(['app:stop', 'web']);
    expect(await fails()).toMatchObject({
      exit: 6,
      code: 'VM_DIFFERS',
      message: 'Stopped on purpose: web; in the new VM everything is started',
    });
    await app.project.json(['app:start', 'web']);
    await asBefore('starts-1');
  });

  it('takes away a new VM that never comes up, and has not touched the old one', async () => {
    const failure = await fails('--set', 'vm.ready_timeout=1');
    expect(failure).toMatchObject({ exit: 6, code: 'VM_NOT_READY' });
    await asBefore('starts-1');
  });

  it('stays where it is when the old VM does not start', async () => {
    await startsAlways();
    const rebuilt = await app.rebuild();
    await fault(app.lab, { kind: 'fail-task', task: 'qmstart', reason: 'no room' });
    const failure = await fails('--back', '--yes');
    expect(failure).toMatchObject({ exit: 7, code: 'REBUILD_RESTORED' });
    expect(failure.message).toContain(`serves from VM ${rebuilt.to?.vmid} as before`);
    expect(await servedAt(ip)).toBe('starts-always');
    expect(await app.current()).toMatchObject({ vmid: rebuilt.to?.vmid, ip });
    expect(await app.config(vmid)).toMatchObject({
      tags: expect.stringContaining('zebu-former') as string,
      net0: expect.stringContaining('link_down=1') as string,
    });
  });

  it('says when neither is seen to serve, and the next one has one serve', async () => {
    const { vmid: now } = await app.current();
    expect(await fails('--back', '--yes', '--set', 'vm.ready_timeout=1')).toMatchObject({
      exit: 8,
      code: 'REBUILD_UNHEALTHY',
    });
    const doctor = await app.project.zebu(['doctor', '--json']);
    expect(doctor.stdout).toContain('a rebuild was interrupted');
    const again = await app.rebuild();
    expect(again).toMatchObject({ resumed: true, verdict: 'live', to: { vmid } });
    expect(await servedAt(ip)).toBe('starts-always');
    expect((await app.machines()).find((each) => each.vmid === now)).toMatchObject({ status: 'stopped' });
    expect(await app.rebuild('--forget', '--yes')).toMatchObject({ from: { vmid: now } });
    await asBefore('starts-always');
  });
});
