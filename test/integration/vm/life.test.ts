/** The life of one VM through the command line, on each transport. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { theLab } from '../../support/lab.js';
import { adminAuth, pveRequest } from '../../support/pve-http.js';
import { makeProject, type Project } from '../../support/project.js';

const lab = theLab();

interface Created {
  readonly changed: boolean;
  readonly dryRun: boolean;
  readonly vmid: number;
  readonly ip: string | null;
  readonly steps: readonly { readonly method: string; readonly path: string }[];
}
interface Power {
  readonly changed: boolean;
  readonly status: string;
}

/**
 * Every request that was answered well, but those to the guest agent, and what is asked of the VM after each of its
 * silences: how many of them it takes is the boot's doing.
 */
const requests = (stderr: string): string[] =>
  [...stderr.matchAll(/([A-Z]+) \/api2\/json(\/\S+) ok/g)]
    .map(([, method = '', path = '']) => `${method} ${decodeURIComponent(path)}`)
    .filter((line) => !line.includes('/agent/') && !line.endsWith('/status/current'));

const writes = (stderr: string): string[] => requests(stderr).filter((line) => !line.startsWith('GET'));
const waits = (stderr: string): string[] => requests(stderr).filter((line) => /\/tasks\/UPID\S+\/status$/.test(line));

describe.each(['ssh', 'api'] as const)('a VM over %s', (transport) => {
  let project: Project;
  let planned: Created;
  let created: Created;

  beforeAll(() => {
    project = makeProject({ lab, app: `life-${transport}`, transport });
  });
  afterAll(async () => {
    await project.zebu(['vm:destroy', '--yes']);
    project.remove();
  });

  it('is missing at first, which is said with what to do (exit 6)', async () => {
    const run = await project.zebu(['vm:status', '--json']);
    expect(run.code).toBe(6);
    expect(JSON.parse(run.stdout)).toMatchObject({
      ok: false,
      error: { code: 'VM_MISSING', hint: expect.stringContaining('vm:create') as string },
    });
  });

  it('is planned without changing anything', async () => {
    planned = await project.json<Created>(['vm:create', '--dry-run']);
    expect(planned).toMatchObject({ dryRun: true });
    expect(planned.steps.length).toBeGreaterThan(1);
    expect((await project.zebu(['vm:status'])).code).toBe(6);
  });

  it('is created by exactly the planned requests', async () => {
    const run = await project.zebu(['vm:create', '--json'], { env: { ZEBU_DEBUG: '1' } });
    expect(run.code, run.stderr).toBe(0);
    created = (JSON.parse(run.stdout) as { result: Created }).result;
    expect(created).toMatchObject({ changed: true, vmid: planned.vmid });
    expect(created.ip).toMatch(/^\d+\.\d+\.\d+\.\d+$/);
    expect(writes(run.stderr).toSorted()).toEqual(
      planned.steps.map(({ method, path }) => `${method} ${path}`).toSorted(),
    );
    // Each costs a round trip, and some of them Proxmox half a second: one more has to be worth it. That of the login's own
    // privileges keeps it from making a second VM beside one that it does not see, that of the datacenter's options from
    // failing in the middle over a tag; they are asked beside others.
    expect(requests(run.stderr).length - waits(run.stderr).length).toBeLessThanOrEqual(22);
  });

  it('is compared, and given three firewall rules, in few requests', async () => {
    const debug = { env: { ZEBU_DEBUG: '1' } };
    const diff = await project.zebu(['vm:diff', '--json'], debug);
    expect(diff.code, diff.stderr).toBe(0);
    expect(writes(diff.stderr)).toEqual([]);
    const rules = (ports: readonly number[]): string =>
      JSON.stringify(ports.map((port) => ({ port, from: ['192.0.2.0/24'] })));
    const apply = (ports: readonly number[]): ReturnType<Project['zebu']> =>
      project.zebu(['vm:apply', '--json', '--set', `vm.firewall.allow=${rules(ports)}`], debug);
    const applied = await apply([5432, 6379, 9000]);
    expect(applied.code, applied.stderr).toBe(0);
    expect(writes(applied.stderr)).toHaveLength(3);
    // Config and firewall are read beside each other; where the VM is, for what is inside it; each rule is a request of its own.
    expect(requests(diff.stderr).length).toBeLessThanOrEqual(7);
    expect(requests(applied.stderr).length).toBeLessThanOrEqual(10);
    expect(await apply([])).toMatchObject({ code: 0 });
  });

  it('is measured by the node as what it is', async () => {
    const path = `/nodes/${lab.node}/qemu/${created.vmid}/status/current`;
    const { body } = await pveRequest(lab, { method: 'GET', path, auth: adminAuth(lab) });
    const { mem, maxmem, cpu, netin } = (body as { data: Record<string, number> }).data;
    expect(mem).toBeGreaterThan(2 ** 20);
    expect(mem).toBeLessThanOrEqual(maxmem ?? 0);
    expect(cpu).toBeLessThanOrEqual(1);
    // Its address at least came to it.
    expect(netin).toBeGreaterThan(0);
  });

  it('is not changed by a second run', async () => {
    const run = await project.zebu(['vm:create', '--json'], { env: { ZEBU_DEBUG: '1' } });
    expect(run.code, run.stderr).toBe(0);
    expect((JSON.parse(run.stdout) as { result: Created }).result).toMatchObject({ changed: false, ip: created.ip });
    expect(writes(run.stderr)).toEqual([]);
  });

  it('is logged into with the pinned host key', async () => {
    const run = await project.zebu(['vm:ssh', '--', 'docker', 'version', '--format', '{{.Server.Os}}']);
    expect(run.stdout.trim(), run.stderr).toBe('linux');
  });

  it('stops, starts and restarts, and says when there was nothing to do', async () => {
    expect(await project.json<Power>(['vm:stop'])).toMatchObject({ changed: true, status: 'stopped' });
    expect(await project.json<Power>(['vm:stop'])).toMatchObject({ changed: false, status: 'stopped' });
    expect(await project.json(['vm:status'])).toMatchObject({ status: 'stopped', agent: false });
    const refused = await project.zebu(['app:status', '--json']);
    expect(refused.code).toBe(6);
    expect(JSON.parse(refused.stdout)).toMatchObject({ error: { code: 'VM_NOT_RUNNING' } });
    expect(await project.json<Power>(['vm:start'])).toMatchObject({ changed: true, status: 'running' });
    expect(await project.json<Power>(['vm:restart', '--force'])).toMatchObject({ changed: true, status: 'running' });
    // Its agent answers before its SSH does: what follows at once, and does not wait, need not.
    const next = await project.zebu(['vm:ssh', '--', 'true']);
    expect([next.code, next.stderr]).toEqual([0, '']);
    expect(await project.json(['vm:diff'])).toMatchObject({ guestChecked: true });
  });

  it('is started also where nobody can log in to it from here, which is said', async () => {
    // Where nothing listens.
    const env = { ZEBU_VM_SSH_PORT: '1', ZEBU_VM_READY_TIMEOUT: '2' };
    const { code, stdout, stderr } = await project.zebu(['vm:restart', '--force', '--json'], { env });
    expect(code, stderr).toBe(0);
    const { result, warnings } = JSON.parse(stdout) as { result: Power; warnings: readonly string[] };
    expect(result).toMatchObject({ changed: true, status: 'running' });
    expect(warnings).toEqual([
      expect.stringMatching(/nobody could log in to it from here within \d+ s, .*: Cannot reach /),
    ]);
    expect(await project.json(['vm:diff'])).toMatchObject({ guestChecked: true });
  });

  it('is not destroyed without a word, and goes with --yes', async () => {
    const asking = await project.zebu(['vm:destroy', '--json']);
    expect(asking.code).toBe(2);
    expect(JSON.parse(asking.stdout)).toMatchObject({ error: { code: 'NEEDS_CONFIRMATION' } });
    const path = `/nodes/${lab.node}/qemu/${created.vmid}/rrddata`;
    const statistics = { method: 'GET', path, params: { timeframe: 'week' }, auth: adminAuth(lab) };
    // Measured by now, but the time that it is averaged over is not at its end: nothing to show.
    await expect.poll(async () => (await pveRequest(lab, statistics)).status, { timeout: 20_000 }).toBe(200);
    const status = await project.zebu(['vm:status', '--json', '--last', 'week'], { env: { ZEBU_DEBUG: '1' } });
    expect(JSON.parse(status.stdout)).toMatchObject({ result: { status: 'running', history: null } });
    expect(status.stderr).toMatch(/GET \S+\/rrddata ok/);
    expect(await project.json<Power>(['vm:destroy', '--yes'])).toMatchObject({ changed: true, status: 'absent' });
    expect((await project.zebu(['vm:status'])).code).toBe(6);
  });

  it('is not made where a foreign VM has its number', async () => {
    const vmid = transport === 'ssh' ? 9201 : 9202;
    const path = `/nodes/${lab.node}/qemu`;
    await pveRequest(lab, {
      method: 'POST',
      path,
      params: { vmid, memory: 64, name: 'not-ours' },
      auth: adminAuth(lab),
    });
    try {
      const run = await project.zebu(['vm:create', '--json'], { env: { ZEBU_VM_VMID: String(vmid) } });
      expect(run.code).toBe(6);
      expect(JSON.parse(run.stdout)).toMatchObject({ error: { code: 'VMID_TAKEN' } });
    } finally {
      await pveRequest(lab, { method: 'DELETE', path: `${path}/${vmid}`, auth: adminAuth(lab) });
    }
  });
});
