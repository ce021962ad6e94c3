/** A VM with a fixed address is rebuilt: the new one has another one until it serves. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { theLab } from '../../support/lab.js';
import { RebuiltApp, servedAt } from '../../support/rebuilt-app.js';

const { network } = theLab();
const at = (last: number): string => `${network.gateway.split('.').slice(0, 3).join('.')}.${last}`;
const FIXED = at(40);

let app: RebuiltApp;

beforeAll(async () => {
  app = await RebuiltApp.make(theLab(), 'fixed', {
    vm: { network: { address: `${FIXED}/24`, gateway: network.gateway } },
    deploy: { probes: [{ http: `http://${FIXED}:8080/version`, from: 'client', timeout: 20 }] },
  });
}, 600_000);
afterAll(() => app.remove());

it.each([`${at(41)}/24`, 'dhcp'])(
  'is made at %s, and served at the fixed address by the one or the other',
  async (temporary) => {
    const before = await app.current();
    const rows = await app.rows();
    const result = await app.rebuild('--temporary-ip', temporary);
    expect(result).toMatchObject({ verdict: 'live', address: { before: FIXED, now: FIXED } });
    expect(await app.current()).toMatchObject({ vmid: result.to?.vmid, ip: FIXED });
    expect(await servedAt(FIXED)).toBe('v2');
    expect(await servedAt(at(41))).toBeUndefined();
    expect(await app.rows()).toBe(rows);
    await app.rebuild('--back', '--yes');
    expect(await app.current()).toMatchObject({ vmid: before.vmid, ip: FIXED });
    expect(await servedAt(FIXED)).toBe('v2');
    await app.rebuild('--forget', '--yes');
  },
  400_000,
);
