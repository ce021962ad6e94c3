/** Backups that are not good, hosts that are not, and proofs that are interrupted and killed: nothing is called proven, and nothing is left. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { killZebu } from '../../support/cli.js';
import { theLab } from '../../support/lab.js';
import { fault } from '../../support/lab-control.js';
import { onHost } from '../../support/lab-host.js';
import { ProofApp, type Row, type Proof, type ProofFailure } from '../../support/proof-app.js';

let app: ProofApp;

beforeAll(async () => {
  app = await ProofApp.make(theLab(), 'doubted');
  await app.backUp();
}, 600_000);
afterAll(() => app.remove());

describe('vm:backup:prove', () => {
  it('does not prove a backup in which the database does not start, and shows its last words', async () => {
    await app.inStore('echo 1 >/data/corrupt');
    const backup = await app.backUp();
    await app.inStore('rm /data/corrupt');
    const run = await app.project.zebu(['vm:backup:prove', '--json', '--set', 'deploy.timeout=15']);
    const { error } = JSON.parse(run.stdout) as { error: ProofFailure };
    expect(run.code).toBe(8);
    expect(error.message).toMatch(/is not proven: store restarts again and again/);
    expect(run.stderr).toContain('PANIC: could not locate a valid checkpoint record');
    expect(await app.others()).toEqual([]);
    onHost(app.lab, 'pvesm', 'free', backup);
  });

  it('does not prove a backup whose data answers otherwise', async () => {
    await app.inStore('echo 9999 >/data/rows');
    const backup = await app.backUp();
    await app.inStore('echo 10000 >/data/rows');
    expect(await app.notProven()).toMatchObject({
      code: 'BACKUP_UNPROVEN',
      message: expect.stringContaining('data.check.rows: it says 9999, production says 10000') as string,
    });
    onHost(app.lab, 'pvesm', 'free', backup);
  });

  it('is not fooled by an agent that never answers', async () => {
    const next = Number(await app.node.ask('GET', '/cluster/nextid'));
    const path = `/qemu/${next}/agent/network-get-interfaces`;
    const request = {
      kind: 'status',
      path,
      status: 500,
      reason: 'QEMU guest agent is not running',
      count: 20,
    } as const;
    await fault(app.lab, request);
    const error = await app.notProven('--set', 'vm.boot_timeout=4');
    for (let left = 0; left < 20; left++) await app.node.ask('GET', `/nodes/pve${path}`).catch(() => undefined);
    expect(error).toMatchObject({
      code: 'BACKUP_UNPROVEN',
      message: expect.stringContaining('its guest agent did not answer within 4 s') as string,
    });
    expect(await app.others()).toEqual([]);
  });

  it.each(['Restore', 'Start it', 'Wait for the verdict'])(
    'leaves nothing when it is interrupted at "%s"',
    async (text) => {
      let sent = false;
      const run = await app.project.zebu(['vm:backup:prove', '--json'], {
        onStderr: (said, pid) => {
          if (sent || !said.includes(`- ${text}`)) return;
          sent = true;
          process.kill(pid, 'SIGINT');
        },
      });
      expect(run.code).toBe(130);
      expect(await app.others()).toEqual([]);
      expect((await app.node.ask<readonly Row[]>('GET', '/nodes/pve/qemu')).length).toBe(1);
    },
  );

  it.each(['Restore', 'Start it', 'Wait for the verdict'])(
    'leaves nothing behind the next run when it is killed at "%s"',
    async (text) => {
      expect(
        await killZebu(['vm:backup:prove'], { cwd: app.project.folder, env: app.project.env }, [`- ${text}`]),
      ).toBe(`- ${text}`);
      // Meanwhile nobody takes what is left for the VM of the app.
      expect(await app.project.json<{ vmid: number }>(['vm:status'])).toMatchObject({ vmid: app.vmid });
      expect(await app.project.json<Proof>(['vm:backup:prove'])).toMatchObject({ proven: true });
      expect(await app.others()).toEqual([]);
      expect((await app.node.ask<readonly Row[]>('GET', '/nodes/pve/qemu')).length).toBe(1);
    },
  );

  it('is told by doctor of what a killed run has left', async () => {
    await killZebu(['vm:backup:prove'], { cwd: app.project.folder, env: app.project.env }, ['- Wait for the verdict']);
    const { checks } = await app.project.json<{ checks: { id: string; status: string; detail: string }[] }>(['doctor']);
    expect(checks.find(({ id }) => id === 'proof')).toMatchObject({
      status: 'warn',
      detail: expect.stringMatching(/^a run that was killed has left a copy: VM \d+$/) as string,
    });
    await app.project.json<Proof>(['vm:backup:prove']);
    expect(await app.others()).toEqual([]);
  });
});
