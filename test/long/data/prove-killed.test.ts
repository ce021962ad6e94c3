/** data:prove that is interrupted or killed, or whose clone never answers; what becomes of one that is not: test/integration/lifecycle/prove-dump.test.ts. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { theLab } from '../../support/lab.js';
import type { DumpProven } from '../../../src/lib/data/results.js';
import { killZebu } from '../../support/cli.js';
import { fault } from '../../support/lab-control.js';
import { nodeOf } from '../../support/node.js';
import type { Project } from '../../support/project.js';
import { ProvedDumps } from '../../support/proved-dumps.js';
import { refusal } from '../../support/refusal.js';

describe('data:prove', { timeout: 300_000 }, () => {
  const lab = theLab();
  let shop: ProvedDumps;
  let project: Project;

  const vms = (): Promise<number> => shop.vms();

  beforeAll(async () => {
    shop = await ProvedDumps.make(lab);
    ({ project } = shop);
    await shop.dump();
  }, 600_000);
  afterAll(() => shop.remove());

  it.each(['Clone VM', 'Wait until what is live', 'Restore the dump'])(
    'leaves nothing when it is interrupted at "%s"',
    async (text) => {
      let sent = false;
      const run = await project.zebu(['data:prove', '--json'], {
        onStderr: (said, pid) => {
          if (sent || !said.includes(`- ${text}`)) return;
          sent = true;
          process.kill(pid, 'SIGINT');
        },
      });
      expect(run.code, run.stderr).toBe(130);
      expect(await vms()).toBe(1);
    },
  );

  it.each(['Clone VM', 'Start it', 'Restore the dump'])(
    'leaves nothing behind the next run when it is killed at "%s"',
    async (text) => {
      const killed = await killZebu(['data:prove'], { cwd: project.folder, env: project.env }, [`- ${text}`]);
      expect(killed).toBe(`- ${text}`);
      expect(await project.json<DumpProven>(['data:prove'])).toMatchObject({ proven: true });
      expect(await vms()).toBe(1);
    },
  );

  it('says nothing of a dump where the guest agent of the clone never answers', async () => {
    const id = await shop.dump();
    const next = Number(await nodeOf(lab).ask('GET', '/cluster/nextid'));
    const path = `/qemu/${next}/agent/network-get-interfaces`;
    await fault(lab, { kind: 'status', path, status: 500, reason: 'QEMU guest agent is not running', count: 20 });
    const before = shop.production();
    const error = await refusal(project, ['data:prove', id, '--set', 'vm.boot_timeout=4']);
    expect(await vms()).toBe(1);
    expect(shop.production()).toBe(before);
    for (let left = 0; left < 20; left++)
      await nodeOf(lab)
        .ask('GET', `/nodes/pve${path}`)
        .catch(() => undefined);
    expect(error).toMatchObject({
      code: 'VM_NOT_READY',
      message: expect.stringContaining('its guest agent did not answer within 4 s') as string,
    });
  });
});
