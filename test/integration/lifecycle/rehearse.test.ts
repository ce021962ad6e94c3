/** A release is carried out in an unplugged clone, on the data that is there. What takes longer: test/long/vm/rehearse.test.ts. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { theLab } from '../../support/lab.js';
import { nodeOf } from '../../support/node.js';
import { RehearsedApp, STRICT, type RehearsalFailure } from '../../support/rehearsed-app.js';

let app: RehearsedApp;

beforeAll(async () => {
  app = await RehearsedApp.make(theLab());
}, 600_000);
afterAll(() => app.remove());

describe('app:rehearse', () => {
  it('fails with the row that the migration trips over; production is not touched: exit 7', async () => {
    app.migration('v2', STRICT);
    const before = await app.production();
    const run = await app.project.zebu(['app:rehearse', '--tag', 'v2', '--json']);
    const { error } = JSON.parse(run.stdout) as { error: RehearsalFailure };
    expect(run.code).toBe(7);
    expect(error.code).toBe('REHEARSAL_FAILED');
    expect(error.message).toContain('ERROR: column email of row 7777 is null');
    expect(error.details).toMatchObject({ verdict: 'restored', kept: false });
    expect(run.stderr).toContain('ERROR: column email of row 7777 is null');
    expect(await app.production()).toEqual(before);
    expect(await app.guest('ls /var/lib/docker/volumes/rehearsed_data/_data')).not.toContain('schema');
    expect(await app.vms()).toBe(1);
    // The history is that of production.
    expect(await app.guest('cat /opt/zebu/rehearsed/releases.jsonl | wc -l')).toBe('1\n');
  });

  it('is of one moment: the file systems of the VM were frozen for the clone, and let go', async () => {
    const node = nodeOf(app.lab);
    const tasks = await node.ask<readonly { upid: string; type: string }[]>('GET', '/nodes/pve/tasks');
    const upid = tasks.find(({ type }) => type === 'qmclone')?.upid ?? '';
    const log = await node.ask<readonly { t: string }[]>('GET', `/nodes/pve/tasks/${upid}/log`, { limit: '500' });
    const said = log.map(({ t }) => t).filter((line) => /filesystem|suspend|resume/.test(line));
    expect(said).toEqual(['freeze filesystem', 'unfreeze filesystem']);
    // And it can be written to again.
    await app.inStore('echo >/data/written');
  });

  it('does not go on to deploy what failed', async () => {
    const before = await app.production();
    const run = await app.project.zebu(['app:deploy', '--tag', 'v2', '--rehearse']);
    expect(run.code).toBe(7);
    expect(await app.production()).toEqual(before);
  });
});
