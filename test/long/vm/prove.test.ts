/** vm:backup:prove on a machine that really boots: kernel, systemd, cloud-init; and killed at each of its steps, three times each. */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { theLab } from '../../support/lab.js';
import type { LabReport } from '../../../plugins/lab/src/instance/results.js';
import { killZebu } from '../../support/cli.js';
import { flipByte } from '../../support/flip-byte.js';
import { nodeOf } from '../../support/node.js';
import { ownLab, type OwnLab } from '../../support/own-lab.js';
import type { Project } from '../../support/project.js';
import { tinyApp, version } from '../../support/tiny-app.js';
import { watchTraffic } from '../../support/traffic.js';

/** An emulated machine takes minutes for what takes a real one seconds. */
const EMULATED_MS = 1_200_000;

interface Proof {
  readonly proven: boolean;
  readonly why: string;
  readonly vmid: number;
  readonly steps: Readonly<Record<'boot' | 'restore' | 'verdict', number | null>>;
}

function app(lab: LabReport, name: string): Project {
  return tinyApp({
    lab,
    app: name,
    config: {
      vm: { memory_mb: 768, boot_timeout: 900, ready_timeout: 900 },
      deploy: { timeout: 600, probes: [{ http: 'http://127.0.0.1:8080/version', body: 'v1' }] },
    },
  });
}

describe('on a machine that boots', () => {
  let lab: OwnLab;
  let project: Project;
  let vm: { readonly vmid: number; readonly ip: string };
  beforeAll(async () => {
    lab = await ownLab('prove', '--guests', 'qemu');
    project = app(lab.report, 'booted');
    await project.json(['vm:create'], { timeoutMs: EMULATED_MS });
    vm = await project.json<{ vmid: number; ip: string }>(['vm:status']);
    version(project, 'v1');
    await project.json(['app:deploy', '--tag', 'v1'], { timeoutMs: EMULATED_MS });
  }, EMULATED_MS * 2);
  afterAll(async () => {
    project.remove();
    await lab.down();
  });

  it(
    'a good backup is proven; no packet is heard of the copy, and no request fails meanwhile',
    async () => {
      await project.json(['vm:backup:create'], { timeoutMs: EMULATED_MS });
      const url = `http://${vm.ip}:8080/version`;
      const watching = watchTraffic(lab.report, { vmid: vm.vmid, url, good: (body) => body === 'v1\n' });
      const proof = await project.json<Proof>(['vm:backup:prove', '--memory', '768'], { timeoutMs: EMULATED_MS });
      const seen = await watching();
      expect(proof).toMatchObject({ proven: true, why: '' });
      expect(seen).toMatchObject({ failed: 0, packets: 0 });
      expect(seen.looks).toBeGreaterThan(100);
      expect((await nodeOf(lab.report).ask<readonly unknown[]>('GET', '/nodes/pve/qemu')).length).toBe(1);
    },
    EMULATED_MS,
  );

  it(
    'an archive with another byte is not',
    async () => {
      const { backup } = await project.json<{ backup: string }>(['vm:backup:create'], { timeoutMs: EMULATED_MS });
      flipByte(join(lab.report.stateDir, 'vz', 'dump', backup.split('/').at(-1) ?? ''));
      const run = await project.zebu(['vm:backup:prove', '--json'], { timeoutMs: EMULATED_MS });
      expect(run.code).toBe(8);
      expect(run.stdout).toContain("Restored data doesn't match checksum");
    },
    EMULATED_MS,
  );
});

describe('killed', () => {
  const lab = theLab();
  const node = nodeOf(lab);
  let project: Project;
  beforeAll(async () => {
    project = app(lab, 'killed');
    await project.json(['vm:create']);
    version(project, 'v1');
    await project.json(['app:deploy', '--tag', 'v1']);
    await project.json(['vm:backup:create']);
  });
  afterAll(async () => {
    await project.zebu(['vm:destroy', '--yes']);
    project.remove();
  });

  const TEXTS = ['Restore', 'Unplug its network', 'Start it', 'Boot until', 'Wait for the verdict', 'Remove the copy'];
  it.each([...TEXTS, ...TEXTS, ...TEXTS])(
    'at "%s", nothing is left after the next run',
    async (text) => {
      const own = await project.json<{ vmid: number }>(['vm:status']);
      const options = { cwd: project.folder, env: project.env };
      expect(await killZebu(['vm:backup:prove'], options, [`- ${text}`])).toBe(`- ${text}`);
      expect(await project.json<{ vmid: number }>(['vm:status'])).toMatchObject({ vmid: own.vmid });
      expect(await project.json<Proof>(['vm:backup:prove'])).toMatchObject({ proven: true });
      expect((await node.ask<readonly unknown[]>('GET', '/nodes/pve/qemu')).length).toBe(1);
    },
    300_000,
  );
});
