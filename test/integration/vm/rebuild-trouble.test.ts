/** Rebuilds that do not come to a good end: the old machine serves. What is rarer: test/long/vm. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { theLab } from '../../support/lab.js';
import { RebuiltApp } from '../../support/rebuilt-app.js';
import { version } from '../../support/tiny-app.js';

let app: RebuiltApp;
let ip: string;
let vmid: number;

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

describe('vm:rebuild', () => {
  it('goes on in the old VM when the release is not good in the new one', async () => {
    await startsOnly(0);
    const failure = await app.fails();
    expect(failure).toMatchObject({ exit: 7, code: 'REBUILD_RESTORED' });
    expect(failure.message).toContain(`serves from VM ${vmid} as before`);
    await app.isAsBefore(vmid, ip, 'starts-0');
  });

  it('goes back to the old VM when the app is not good once the new one has the address', async () => {
    await startsOnly(1);
    const failure = await app.fails();
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
    await app.isAsBefore(vmid, ip, 'starts-1');
    expect(await app.inStore('/bin/busybox wc -l </data/rows')).toMatch(/^10000/);
  });

  it('refuses what cannot be, before anything is made', async () => {
    expect(await app.fails('--set', 'vm.memory_mb=900000')).toMatchObject({ exit: 6, code: 'NO_SPACE' });
    expect(await app.fails('--set', `vm.vmid=${vmid}`)).toMatchObject({ exit: 3, code: 'CONFIG_INVALID' });
    expect(await app.fails('--set', 'vm.network.address=10.0.0.9/24')).toMatchObject({
      exit: 3,
      code: 'CONFIG_INVALID',
    });
    expect(await app.fails('--set', 'vm.storage=nowhere')).toMatchObject({ exit: 3, code: 'CONFIG_INVALID' });
    await app.project.json(['app:stop', 'web']);
    expect(await app.fails()).toMatchObject({
      exit: 6,
      code: 'VM_DIFFERS',
      message: 'Stopped on purpose: web; in the new VM everything is started',
    });
    await app.project.json(['app:start', 'web']);
    await app.isAsBefore(vmid, ip, 'starts-1');
  });
});
