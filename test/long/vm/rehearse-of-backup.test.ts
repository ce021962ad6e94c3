/** A rehearsal in a copy that is restored of a backup made for it: asked for, and where there is no clone. Killed: test/long/vm/rehearse-backup.test.ts. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { theLab } from '../../support/lab.js';
import { fault } from '../../support/lab-control.js';
import { RehearsedApp, STRICT, type RehearsalFailure } from '../../support/rehearsed-app.js';

let app: RehearsedApp;
/** One that somebody has made. */
let theirs: string;

beforeAll(async () => {
  app = await RehearsedApp.make(theLab());
  theirs = await app.backUp();
}, 600_000);
afterEach(() => app.expectAlone(theirs));
afterAll(() => app.remove(theirs));

describe('app:rehearse --source backup', () => {
  it('fails with the row that the migration trips over; production is not touched: exit 7', async () => {
    app.migration('v2', STRICT);
    const before = await app.production();
    const run = await app.project.zebu(['app:rehearse', '--tag', 'v2', '--source', 'backup', '--json']);
    const { error } = JSON.parse(run.stdout) as { error: RehearsalFailure };
    expect(run.code).toBe(7);
    expect(error.message).toContain('ERROR: column email of row 7777 is null');
    expect(error.details).toMatchObject({ verdict: 'restored', source: 'backup', kept: false });
    expect(run.stderr).toContain('Back up VM');
    expect(await app.production()).toEqual(before);
    expect(await app.guest('cat /opt/zebu/rehearsed/releases.jsonl | wc -l')).toBe('1\n');
  });

  it('is what is left where Proxmox makes no clone, and says so', async () => {
    app.migration('v3', 'true\n');
    const reason = "Full clone feature is not supported for 'local:100/vm-100-disk-0.qcow2' (scsi0)";
    const refusal = { kind: 'status', method: 'POST', path: '/clone', status: 500, reason } as const;
    await fault(app.lab, refusal);
    const insisting = await app.project.zebu(['app:rehearse', '--tag', 'v3', '--source', 'clone']);
    expect(insisting.code).toBe(5);
    expect(insisting.stderr).toContain(reason);
    await fault(app.lab, refusal);
    const run = await app.project.zebu(['app:rehearse', '--tag', 'v3', '--json']);
    expect(run.code).toBe(0);
    expect(JSON.parse(run.stdout)).toMatchObject({ result: { verdict: 'live', source: 'backup' } });
    expect(run.stderr).toMatch(/Proxmox makes no clone of VM \d+: the copy is restored of a backup/);
  });
});
