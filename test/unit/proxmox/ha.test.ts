import { describe, expect, it } from 'vitest';
import { ZebuError, type Io } from '@zebu/kit';
import type { ProxmoxClient } from '../../../src/lib/proxmox/client.js';
import { haChange } from '../../../src/lib/vm/ha/change.js';
import { awaitHaRequest } from '../../../src/lib/proxmox/ha/await-request.js';
import { toNodeName, toUpid, toVmid } from '../../../src/lib/proxmox/ids.js';

const on = { vmid: 100, running: true };
const off = { vmid: 100, running: false };
const resource = (state: string): { sid: string; state: string } => ({ sid: 'vm:100', state });

const asked = (...args: Parameters<typeof haChange>): readonly unknown[] | undefined =>
  haChange(...args)?.steps.map(({ call }) => [call.method, call.path, call.params]);

describe('haChange', () => {
  it('leaves everything as it is where zebu.yml says nothing', () => {
    expect(haChange(undefined, undefined, on)).toBeUndefined();
    expect(haChange(undefined, resource('started'), on)).toBeUndefined();
  });

  it('makes a resource of the VM without starting or stopping it', () => {
    expect(asked(true, undefined, on)).toEqual([
      ['POST', '/cluster/ha/resources', { sid: 'vm:100', state: 'started' }],
    ]);
    expect(asked(true, undefined, off)).toEqual([
      ['POST', '/cluster/ha/resources', { sid: 'vm:100', state: 'stopped' }],
    ]);
  });

  it.each([
    ['started', on],
    ['enabled', on],
    ['stopped', off],
    ['disabled', off],
  ])('finds nothing to do about %s', (state, vm) => {
    expect(haChange(true, resource(state), vm)).toBeUndefined();
  });

  it.each([
    ['ignored', on, 'started'],
    ['disabled', on, 'started'],
    ['ignored', off, 'stopped'],
  ])('ends %s', (state, vm, wanted) => {
    const change = haChange(true, resource(state), vm);
    expect(change?.drift).toMatchObject({ key: 'vm.ha', found: `under the HA manager, but ${state}`, change: 'now' });
    expect(asked(true, resource(state), vm)).toEqual([['PUT', '/cluster/ha/resources/vm:100', { state: wanted }]]);
  });

  it('takes it out where zebu.yml says so', () => {
    expect(asked(false, resource('started'), on)).toEqual([['DELETE', '/cluster/ha/resources/vm:100', {}]]);
    expect(haChange(false, undefined, on)).toBeUndefined();
  });
});

const io: Io = {
  out: () => {},
  note: () => {},
  warn: () => {},
  debug: () => {},
  progress: () => {},
} as unknown as Io;

/** A cluster that answers from a table: of each path the next answer, the last one for ever. */
function cluster(answers: Readonly<Record<string, readonly unknown[]>>): ProxmoxClient {
  const left = new Map(Object.entries(answers).map(([path, list]) => [path, [...list]]));
  const request = async (method: string, path: string): Promise<unknown> => {
    const list = left.get(path) ?? [];
    const answer = list.length > 1 ? list.shift() : list[0];
    if (answer === undefined) throw new ZebuError('PROXMOX_REFUSED', `no answer to ${method} ${path}`);
    return answer;
  };
  return { request, calls: [], where: 'test' } as unknown as ProxmoxClient;
}

const upid = (type: string): ReturnType<typeof toUpid> =>
  toUpid(`UPID:pve1:00002454:0006E958:00000064:${type}:100:root@pam:`);
const STATUS = '/nodes/pve1/qemu/100/status/current';
const TASKS = '/nodes/pve1/tasks';

function follow(
  type: string,
  answers: Readonly<Record<string, readonly unknown[]>>,
  target?: string,
): ReturnType<typeof awaitHaRequest> {
  let now = 0;
  const clock = {
    now: () => new Date(now),
    elapsed: () => now,
    sleep: async (ms: number) => void (now += ms),
  };
  return awaitHaRequest(
    cluster(answers),
    upid(type),
    { vmid: toVmid(100), target: target === undefined ? undefined : toNodeName(target) },
    { io, signal: new AbortController().signal, clock, timeoutMs: 30_000, label: 'starting VM 100' },
    0,
  );
}

const task = (type: string, status: string | undefined, starttime = 0x64): object => ({
  upid: `UPID:pve1:00002455:0006E958:00000064:${type}:100:root@pam:`,
  type,
  starttime,
  status,
});

describe('awaitHaRequest', () => {
  it('has nothing to wait for after any other task', async () => {
    expect(await follow('qmstart', {})).toBeUndefined();
  });

  it('waits until the VM runs', async () => {
    const answers = { [STATUS]: [{ status: 'stopped' }, { status: 'stopped' }, { status: 'running' }] };
    expect(await follow('hastart', answers)).toBe('pve1');
  });

  it('follows the VM to the node it is started on', async () => {
    const answers = {
      '/cluster/resources': [[{ vmid: 100, node: 'pve2', type: 'qemu' }]],
      '/nodes/pve2/qemu/100/status/current': [{ status: 'running' }],
    };
    expect(await follow('hastart', answers)).toBe('pve2');
  });

  it('says why the HA manager gave up, and how to go on', async () => {
    const error = follow('hastart', {
      [STATUS]: [{ status: 'stopped', ha: { managed: 1, state: 'error' } }],
      [TASKS]: [[task('qmstart', 'older', 1), task('qmstart', 'start failed: QEMU exited with code 1')]],
      [`${TASKS}/UPID:pve1:00002455:0006E958:00000064:qmstart:100:root@pam:/log`]: [
        [{ n: 1, t: "bridge 'vmbr9' does not exist" }],
      ],
    });
    await expect(error).rejects.toMatchObject({
      code: 'TASK_FAILED',
      message:
        "The HA manager gave up starting VM 100: start failed: QEMU exited with code 1; its log says: bridge 'vmbr9' does not exist",
      hint: expect.stringContaining('ha-manager set vm:100 --state disabled') as string,
    });
  });

  it('does not wait for ever', async () => {
    const error = follow('hastop', { [STATUS]: [{ status: 'running' }] });
    await expect(error).rejects.toMatchObject({ code: 'TASK_TIMEOUT' });
  });

  it('waits until the VM is on the other node', async () => {
    const row = (node: string): object[] => [{ vmid: 100, node, type: 'qemu' }];
    const answers = {
      '/cluster/resources': [row('pve1'), row('pve1'), row('pve2')],
      [STATUS]: [{ status: 'running' }],
      [TASKS]: [[], [task('qmigrate', undefined)]],
    };
    expect(await follow('hamigrate', answers, 'pve2')).toBe('pve2');
  });

  it('tells of a migration that failed, which is not tried again', async () => {
    const error = follow(
      'hamigrate',
      {
        '/cluster/resources': [[{ vmid: 100, node: 'pve1', type: 'qemu' }]],
        [STATUS]: [{ status: 'running' }],
        [TASKS]: [[task('qmigrate', 'migration aborted')]],
      },
      'pve2',
    );
    await expect(error).rejects.toMatchObject({
      code: 'TASK_FAILED',
      message: expect.stringMatching(/aborted$/) as string,
    });
  });
});
