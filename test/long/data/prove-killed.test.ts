/** data:prove that is interrupted or killed; what becomes of one that is not: test/integration/lifecycle/prove-dump.test.ts. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { theLab } from '../../support/lab.js';
import type { DumpProven } from '../../../src/lib/data/results.js';
import { killZebu } from '../../support/cli.js';
import type { Project } from '../../support/project.js';
import { ProvedDumps } from '../../support/proved-dumps.js';

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
});
