import { describe, expect, it } from 'vitest';
import { isFrozen } from '../../../src/lib/proxmox/agent-answer.js';
import { readInterfaces, waitForAgent, waitForHostKeys } from '../../../src/lib/proxmox/agent.js';
import { makeClient } from '../../../src/lib/proxmox/client.js';
import { execInVm } from '../../../src/lib/vm/exec.js';
import { toNodeName, toVmid } from '../../../src/lib/proxmox/ids.js';
import { vmStatus } from '../../../src/lib/vm/lifecycle.js';
import type { AppVm } from '../../../src/lib/vm/app-vm.ts';
import { fakeProxmox, inTurn, refuses } from '../../support/fake-proxmox.js';

const VM = '/nodes/pve/qemu/100';
const AGENT = `${VM}/agent`;
/** What a real node says while file systems are held: some questions with 200 (`456`), others with 500 (`454`, `455`). */
const inside = (command: string) => ({
  result: {
    error: { class: 'CommandNotFound', desc: `Command ${command} has been disabled: the command is not allowed` },
  },
});
const outside = (command: string) =>
  refuses(500, `Agent error: Command ${command} has been disabled: the command is not allowed`);
const FROZEN = { [`POST ${AGENT}/fsfreeze-status`]: { result: 'frozen' } };
const INTERFACES = { result: [{ name: 'eth0', 'hardware-address': 'bc:24:11:00:00:01', 'ip-addresses': [] }] };

async function setup(answers: Readonly<Record<string, unknown>>) {
  const fake = fakeProxmox({ ...FROZEN, ...answers });
  const target = {
    client: await makeClient(fake.transport, fake.context.io),
    node: toNodeName('pve'),
    vmid: toVmid(100),
  };
  const { clock, signal } = fake.context;
  const waiting = { clock, signal, timeoutMs: 10_000, onWait: () => {} };
  return { ...fake, target, waiting };
}

const held = {
  code: 'VM_NOT_READY',
  exit: 6,
  message: expect.stringMatching(/^A backup or snapshot holds the file systems of VM 100/) as string,
  hint: expect.stringContaining('qm guest cmd 100 fsfreeze-thaw') as string,
};

describe('a question while a backup holds the file systems', () => {
  it.each([
    ['200 and an error inside', inside('guest-network-get-interfaces')],
    ['500', outside('guest-network-get-interfaces')],
  ])('that is answered with %s is told as that', async (_, answer) => {
    const { target } = await setup({ [`GET ${AGENT}/network-get-interfaces`]: answer });
    const error = await readInterfaces(target).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject(held);
    expect(isFrozen(error)).toBe(true);
  });

  it('is asked again until they are free', async () => {
    const frozen = inside('guest-network-get-interfaces');
    const { target, waiting, clock } = await setup({
      [`GET ${AGENT}/network-get-interfaces`]: inTurn(frozen, frozen, frozen, INTERFACES),
    });
    expect(await waitForAgent(target, waiting)).toMatchObject([{ name: 'eth0' }]);
    expect(clock.elapsed()).toBeGreaterThan(0);
  });

  it('says at the end of its time what it waited for', async () => {
    const { target, waiting } = await setup({ [`GET ${AGENT}/file-read`]: outside('guest-file-open') });
    await expect(waitForHostKeys(target, waiting)).rejects.toMatchObject(held);
  });

  it('is asked once more when they were freed between it and the question why', async () => {
    const { target } = await setup({
      [`GET ${AGENT}/network-get-interfaces`]: inTurn(inside('guest-network-get-interfaces'), INTERFACES),
      [`POST ${AGENT}/fsfreeze-status`]: { result: 'thawed' },
    });
    expect(await readInterfaces(target)).toMatchObject([{ name: 'eth0' }]);
  });

  it('is another matter where the agent itself forbids it: that no waiting cures', async () => {
    const { target, waiting, clock } = await setup({
      [`GET ${AGENT}/file-read`]: outside('guest-file-open'),
      [`POST ${AGENT}/fsfreeze-status`]: { result: 'thawed' },
    });
    await expect(waitForHostKeys(target, waiting)).rejects.toMatchObject({
      code: 'VM_NOT_READY',
      message: 'The guest agent of VM 100 has guest-file-open disabled by its own configuration',
      hint: expect.stringContaining('qemu-ga.conf') as string,
    });
    expect(clock.elapsed()).toBe(0);
  });

  it('is not any other refusal of the agent', async () => {
    const { target } = await setup({
      [`GET ${AGENT}/network-get-interfaces`]: { result: { error: { class: 'GenericError', desc: 'no netlink' } } },
    });
    await expect(readInterfaces(target)).rejects.toMatchObject({
      code: 'PROXMOX_REFUSED',
      message: 'The guest agent of VM 100 refused: no netlink',
    });
  });
});

describe('vm:exec while a backup holds the file systems', () => {
  const own = (client: AppVm['client']): AppVm => ({
    client,
    name: 'shop',
    vm: { vmid: toVmid(100), node: toNodeName('pve'), config: {}, status: { status: 'running', uptime: 100 } },
  });
  const done = { exited: 1, exitcode: 0, 'out-data': 'hi\n' };

  it('waits, says so once, and then runs the command', async () => {
    const { context, target, stderr } = await setup({
      [`POST ${AGENT}/exec`]: inTurn(outside('guest-exec'), outside('guest-exec'), { pid: 7 }),
      [`GET ${AGENT}/exec-status`]: inTurn({ exited: 0 }, outside('guest-exec-status'), done),
    });
    expect(await execInVm(context, own(target.client), { command: ['id'], timeoutMs: 60_000 })).toMatchObject({
      exit: 0,
      stdout: 'hi\n',
    });
    expect(stderr.text.match(/holds the file systems of VM 100/g)).toHaveLength(1);
  });

  it('gives up within its own limit, and started nothing', async () => {
    const { context, target, clock } = await setup({ [`POST ${AGENT}/exec`]: outside('guest-exec') });
    const run = execInVm(context, own(target.client), { command: ['id'], timeoutMs: 5000 });
    await expect(run).rejects.toMatchObject(held);
    expect(clock.elapsed()).toBeLessThan(8000);
  });
});

describe('vm:status', () => {
  const row = { type: 'qemu', vmid: 100, node: 'pve', name: 'shop', tags: 'zebu-app-shop', status: 'running' };
  const answers = (more: object, agent: unknown) => ({
    'GET /cluster/resources': [{ ...row, ...more }],
    [`GET ${VM}/config`]: { name: 'shop', cores: 2, net0: 'virtio=BC:24:11:00:00:01,bridge=vmbr0' },
    // What a process that was just started saw between two questions: nothing.
    [`GET ${VM}/status/current`]: { status: 'running', cpu: 0, cpus: 2, uptime: 29 },
    [`GET ${AGENT}/network-get-interfaces`]: agent,
    [`GET ${VM}/rrddata`]: [],
  });

  it('has the CPU load that the node measures, not the one of two questions', async () => {
    const { context } = await setup(answers({ cpu: 0.71998660403005, maxcpu: 2 }, INTERFACES));
    expect(await vmStatus(context, 'hour')).toMatchObject({ cpu: 0.71998660403005, agent: true });
  });

  it('does not know the load of one that was not measured yet', async () => {
    const { context } = await setup(answers({}, INTERFACES));
    expect(await vmStatus(context, 'hour')).toMatchObject({ cpu: null });
  });

  it('does not take the agent of a VM that is held for a dead one', async () => {
    const { context, stderr } = await setup(answers({}, inside('guest-network-get-interfaces')));
    expect(await vmStatus(context, 'hour')).toMatchObject({ agent: true, ip: null });
    expect(stderr.text).toContain('holds the file systems of VM 100');
  });
});
