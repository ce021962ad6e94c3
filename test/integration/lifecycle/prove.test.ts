/** A backup is restored beside the VM, without a network, and judged. What is killed and broken: test/long/vm/proof-trouble.test.ts. */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { flipByte } from '../../support/flip-byte.js';
import { theLab } from '../../support/lab.js';
import { onHost } from '../../support/lab-host.js';
import { watchTraffic } from '../../support/traffic.js';
import { ProofApp, type Row, type Proof } from '../../support/proof-app.js';

let app: ProofApp;

beforeAll(async () => {
  app = await ProofApp.make(theLab(), 'proven');
}, 600_000);
afterAll(() => app.remove());

describe('vm:backup:prove', () => {
  it('proves a good backup, while production is served and nothing is heard of the copy', async () => {
    const backup = await app.backUp();
    const url = `http://${app.host}:8080/version`;
    const watching = watchTraffic(app.lab, { vmid: app.vmid, url, good: (body) => body === 'v1\n' });
    const proof = await app.project.json<Proof>(['vm:backup:prove']);
    const seen = await watching();
    expect(proof).toMatchObject({ backup, proven: true, why: '', recorded: true });
    expect(proof.checks).toEqual([{ name: 'rows', copy: '10000', production: '10000', why: '' }]);
    for (const seconds of Object.values(proof.steps)) expect(seconds).toBeGreaterThan(0);
    expect(proof.vmid).not.toBe(app.vmid);
    expect(seen).toMatchObject({ failed: 0, packets: 0 });
    expect(seen.requests).toBeGreaterThan(50);
    expect(seen.looks).toBeGreaterThan(50);
    expect(await app.others()).toEqual([]);
  });

  it('is told by app:status and doctor', async () => {
    const { stdout } = await app.project.zebu(['app:status']);
    expect(stdout).toMatch(/last proven restore: \d+ s ago \(backup of /);
    const { checks } = await app.project.json<{ checks: { id: string; status: string; detail: string }[] }>(['doctor']);
    expect(checks.find(({ id }) => id === 'proof')).toMatchObject({
      status: 'ok',
      detail: expect.stringMatching(/^proven \d+ s ago, of a backup from /) as string,
    });
  });

  it('does not prove an archive in which a byte has changed', async () => {
    const backup = await app.backUp();
    flipByte(join(app.lab.stateDir, 'vz', 'dump', backup.split('/').at(-1) ?? ''));
    const error = await app.notProven();
    expect(error).toMatchObject({ code: 'BACKUP_UNPROVEN', exit: 8, details: { proven: false, recorded: true } });
    expect(error.message).toContain("Restored data doesn't match checksum");
    expect(error.message).not.toContain('\n');
    expect(await app.others()).toEqual([]);
    onHost(app.lab, 'pvesm', 'free', backup);
    const { stdout } = await app.project.zebu(['app:status']);
    expect(stdout).toContain('NOT PROVEN');
    expect(stdout).toContain('last proven restore: ');
  });

  it.each([
    [['--memory', '90000000'], 'NO_SPACE', /of memory left; the copy wants 90000000/],
    [['--storage', 'nowhere'], 'CONFIG_INVALID', /^The storage nowhere is not there/],
    [['--storage', 'away'], 'CONFIG_INVALID', /^The storage away cannot be reached, or is switched off/],
    [['vzdump-qemu-100-2020_01_01-00_00_00.vma.zst'], 'BACKUP_MISSING', /^There is no backup /],
  ])('refuses %s in one line, before anything is made', async (args, code, message) => {
    if (args.includes('away'))
      await app.node.ask('POST', '/storage', {
        storage: 'away',
        type: 'dir',
        path: '/srv/away',
        content: 'images',
        disable: '1',
      });
    const before = await app.node.ask<readonly Row[]>('GET', '/nodes/pve/qemu');
    const error = await app.notProven(...args);
    expect(error).toMatchObject({ code, exit: code === 'CONFIG_INVALID' ? 3 : 6 });
    expect(error.message).toMatch(message);
    expect((await app.node.ask<readonly Row[]>('GET', '/nodes/pve/qemu')).length).toBe(before.length);
    if (args.includes('away')) await app.node.ask('DELETE', '/storage/away');
  });
});
