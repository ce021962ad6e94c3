/** A lab that was killed, two labs side by side, and what is left when a lab is gone. */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { theLab } from '../../support/lab.js';
import type { LabReport } from '../../../plugins/lab/src/instance/results.js';
import { zebuJson, ROOT } from '../../support/cli.js';
import { ownLab, type OwnLab } from '../../support/own-lab.js';
import { makeProject, type Project } from '../../support/project.js';

let lab: OwnLab;
let project: Project;

beforeAll(async () => {
  lab = await ownLab('robust');
  project = makeProject({ lab: lab.report, app: 'robust', transport: 'api' });
  await project.json(['vm:create']);
});
afterAll(async () => {
  project.remove();
  await lab.down();
});

const guestBoot = async (): Promise<string> =>
  (await project.zebu(['vm:exec', '--', 'stat', '-c', '%Z', '/proc/1'])).stdout.trim();
const labStatus = (): Promise<LabReport> => zebuJson<LabReport>(['lab:status', ...lab.flags], { cwd: ROOT });

/** Never 0 or less, which would be whole groups of processes, this one included. */
function killDaemon(pid: number | null): void {
  if (pid === null || pid <= 1) throw new Error('the daemon does not run');
  process.kill(pid, 'SIGKILL');
}

it('stands beside another one, with ports, network and guests of its own', async () => {
  const other = theLab();
  const own = lab.report;
  expect(own.api.port).not.toBe(other.api.port);
  expect(own.ssh.port).not.toBe(other.ssh.port);
  expect(own.network.subnet).not.toBe(other.network.subnet);
  expect(own.network.device).not.toBe(other.network.device);
  const { vms } = await zebuJson<LabReport>(['lab:status', '--name', other.name, '--state-dir', other.stateDir], {
    cwd: ROOT,
  });
  expect(vms.map(({ name }) => name)).not.toContain('robust');
});

it('keeps its state and its running guests when its daemon is killed', async () => {
  const before = await guestBoot();
  expect(before).toMatch(/^\d+$/);
  const { pid, vms, image } = await labStatus();
  // What is offered for download is known by its sum, however often it is asked and whoever serves it.
  expect(image).toEqual(lab.report.image);
  killDaemon(pid);
  await expect.poll(async () => (await labStatus()).up, { timeout: 30_000 }).toBe(false);
  const unreachable = await project.zebu(['vm:status', '--json']);
  expect(unreachable.code).toBe(4);
  const again = await lab.up();
  expect(again.pid).not.toBe(pid);
  expect([again.vms, again.image]).toEqual([vms, image]);
  expect([again.api.port, again.api.fingerprint]).toEqual([lab.report.api.port, lab.report.api.fingerprint]);
  expect(await guestBoot()).toBe(before);
  expect(await project.json(['vm:create'])).toMatchObject({ changed: false });
});

it('leaves no process, mount, bridge or file behind', async () => {
  const { stateDir, network, pid } = await lab.up();
  // Even with the daemon gone its guests are found and ended.
  killDaemon(pid);
  await zebuJson(['lab:down', ...lab.flags], { cwd: ROOT });
  expect(existsSync(stateDir)).toBe(false);
  expect(readFileSync('/proc/self/mountinfo', 'utf8')).not.toContain(stateDir);
  expect(spawnSync('ip', ['link', 'show', network.device]).status).not.toBe(0);
  const commands = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => {
      try {
        return readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ');
      } catch {
        return '';
      }
    });
  expect(commands.filter((line) => line.includes(stateDir))).toEqual([]);
});
