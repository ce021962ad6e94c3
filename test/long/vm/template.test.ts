/** Clones of a template where systemd is the real one: what it and cloud-init do at a first boot, the fast guests do otherwise. */
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { guestShell } from '../../support/guest-shell.js';
import { ownLab, type OwnLab } from '../../support/own-lab.js';
import { makeProject, type Project } from '../../support/project.js';

/** An emulated machine takes minutes for what takes a real one seconds. */
const EMULATED_MS = 840_000;

vi.setConfig({ testTimeout: 3 * EMULATED_MS, hookTimeout: 3 * EMULATED_MS });

interface Created {
  readonly vmid: number;
  readonly ip: string;
  readonly template: { readonly made: boolean; readonly linked: boolean };
}

let lab: OwnLab;
const projects: Project[] = [];
const seconds: number[] = [];

async function create(app: string): Promise<Created> {
  const project = makeProject({ lab: lab.report, app, config: { vm: { template: true, memory_mb: 1024 } } });
  projects.push(project);
  const began = performance.now();
  const created = await project.json<Created>(['vm:create'], { timeoutMs: 3 * EMULATED_MS });
  seconds.push(Math.round((performance.now() - began) / 1000));
  return created;
}

beforeAll(async () => {
  lab = await ownLab('template', '--guests', 'qemu');
});
afterAll(async () => {
  for (const project of projects) {
    await project.zebu(['vm:destroy', '--yes']);
    project.remove();
  }
  await lab.down();
});

/** What only one machine may have. */
const OWN = [
  'cat /etc/machine-id',
  'cut -d" " -f2 /etc/ssh/ssh_host_ed25519_key.pub',
  'sudo cat /var/lib/docker/engine-id',
  'cat /etc/hostname',
  'cat /var/lib/cloud/data/instance-id',
];

it('differ in all that only one machine may have, and are what zebu.yml says', async () => {
  expect((await create('first')).template).toMatchObject({ made: true, linked: true });
  expect((await create('second')).template).toMatchObject({ made: false, linked: true });
  const found = await Promise.all(
    projects.map(async (project) => {
      const { ip } = await project.json<{ ip: string }>(['vm:status']);
      const shell = guestShell(ip, project.key);
      // All units that are enabled have come up, and nothing is left of who has made the template.
      expect(shell.run('systemctl is-system-running || systemctl --failed --no-legend')).toBe('running');
      expect(shell.run('getent passwd zebu-builder || :')).toBe('');
      expect(shell.run('sudo grep -rl zebu-builder /etc /var/lib/cloud /var/log 2>/dev/null || :')).toBe('');
      expect(await project.json(['vm:diff'], { timeoutMs: EMULATED_MS })).toMatchObject({ drift: [] });
      return OWN.map((one) => shell.run(one));
    }),
  );
  for (const [at, one] of OWN.entries()) {
    expect(found[0]?.[at], one).not.toBe('');
    expect(found[0]?.[at], one).not.toBe(found[1]?.[at]);
  }
  console.log(`with the template made: ${seconds[0]} s; from it: ${seconds[1]} s`);
  expect(seconds[1]).toBeLessThan((seconds[0] ?? 0) / 2);
});
