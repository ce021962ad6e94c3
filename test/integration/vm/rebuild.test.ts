/** Rebuilds that go well, and back; trouble: rebuild-trouble.test.ts; kills, and one that is destroyed: test/long/vm/rebuild.test.ts. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { theLab } from '../../support/lab.js';
import { RebuiltApp, servedAt } from '../../support/rebuilt-app.js';

let app: RebuiltApp;

beforeAll(async () => {
  app = await RebuiltApp.make(theLab(), 'rebuilt');
}, 600_000);
afterAll(() => app.remove());

describe('vm:rebuild', () => {
  it('puts a new VM with everything in the place of the old one, at its address', async () => {
    const before = await app.current();
    const rows = await app.rows();
    const releases = await app.releases();
    const { tags, description } = await app.config(before.vmid);
    await app.set(before.vmid, { tags: `${tags};prod`, description: `${description}\n\nAsk ann.`, protection: '1' });
    const planned = await app.rebuild('--dry-run');
    expect(planned).toMatchObject({ verdict: 'planned', from: { vmid: before.vmid }, to: null });
    expect(planned.copied.map(({ what }) => what)).toContain('volume rebuilt_data');
    expect((await app.machines()).length).toBe(1);
    const result = await app.rebuild();
    expect(result).toMatchObject({
      verdict: 'live',
      from: { vmid: before.vmid },
      kept: { vmid: before.vmid },
      address: { before: before.ip, now: before.ip },
    });
    expect(result.gap).toBeGreaterThan(0);
    const now = await app.current();
    expect(now).toMatchObject({ vmid: result.to?.vmid, ip: before.ip });
    expect(now.vmid).not.toBe(before.vmid);
    expect(await servedAt(before.ip)).toBe('v2');
    expect(await app.rows()).toBe(rows);
    expect(rows).toMatch(/bound\nconf$/m);
    // Of a single file nothing else comes along.
    expect(await app.inVm('ls /srv/rebuilt; docker network inspect --format "{{json .IPAM.Config}}" edge')).toMatch(
      /^bound\nfoo.conf\n.*10\.97\.0\.0\/24/,
    );
    // The history is what it was, and the rebuild.
    expect(await app.releases()).toEqual(['rebuild v2 live', ...releases]);
    const [old] = await app.machines();
    expect(old).toMatchObject({ vmid: before.vmid, status: 'stopped' });
    expect(await app.config(before.vmid)).toMatchObject({ net0: expect.stringContaining('link_down=1') as string });
    // What people have set goes on to the new one, and is with the old one still.
    const given = await app.config(now.vmid);
    expect(given['tags']?.split(';').toSorted()).toEqual(['prod', 'zebu', 'zebu-app-rebuilt', 'zebu-machine-1']);
    expect(String(given['protection'])).toBe('1');
    expect(given).toMatchObject({ description: expect.stringMatching(/Ask ann\.\n?$/) as string });
    expect(given['description']).not.toContain('has not served');
    expect((await app.config(before.vmid))['tags']).toContain('prod');
    expect(await app.project.json(['vm:diff'])).toMatchObject({ drift: [] });
    await app.project.json(['app:rollback']);
    expect(await servedAt(before.ip)).toBe('v1');
  });

  it('goes back, and forth', async () => {
    const now = await app.current();
    const back = await app.rebuild('--back', '--yes');
    expect(back).toMatchObject({ action: 'back', verdict: 'live', from: { vmid: now.vmid } });
    expect(await app.current()).toMatchObject({ vmid: back.to?.vmid, ip: now.ip });
    // Of the names of all files no list stays.
    expect(await app.inVm('ls -d /var/tmp/zebu-rebuild-* 2>&1 | grep -c "No such"')).toContain('1');
    // As it was when the other took its place.
    expect(await servedAt(now.ip)).toBe('v2');
    await app.rebuild('--back', '--yes');
    expect(await app.current()).toMatchObject({ vmid: now.vmid });
    expect(await servedAt(now.ip)).toBe('v1');
  });

  it('forgets the old one, and rebuilds once more only then', async () => {
    const refused = await app.project.zebu(['vm:rebuild']);
    expect(refused.code).toBe(6);
    expect(await app.rebuild('--forget', '--yes')).toMatchObject({ action: 'forget', verdict: 'live' });
    expect((await app.machines()).length).toBe(1);
    expect(await app.rebuild('--forget', '--yes')).toMatchObject({ verdict: 'nothing' });
  });
});
