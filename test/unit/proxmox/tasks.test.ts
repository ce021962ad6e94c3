import { describe, expect, it } from 'vitest';
import { createConsole } from '../../../plugins/kit/src/console.js';
import { ZebuError } from '../../../plugins/kit/src/errors.js';
import type { Transport } from '../../../plugins/kit/src/transport.js';
import type { Clock } from '../../../src/lib/context/context.js';
import { makeClient } from '../../../src/lib/proxmox/client.js';
import { parseUpid, toNodeName, toUpid, toVmid } from '../../../src/lib/proxmox/ids.js';
import { runTask, waitTask, type TaskOptions } from '../../../src/lib/proxmox/tasks.js';
import { Capture } from '../../support/capture.js';

const UPID = 'UPID:pve:00001234:0006E78F:6B04DAF0:qmcreate:100:root@pam!zebu:';
const START = 0x6b04daf0;

function fakeClock(): Clock & { slept: number[] } {
  const slept: number[] = [];
  let ms = 0;
  return {
    slept,
    now: () => new Date(START * 1000 + ms),
    elapsed: () => ms,
    sleep: async (pause) => {
      slept.push(pause);
      ms += pause;
    },
  };
}

function setup(answer: (method: string, path: string, n: number) => unknown) {
  const seen: string[] = [];
  const transport: Transport = {
    id: 'fake',
    where: 'fake',
    doRequest: async (method, path) => {
      seen.push(`${method} ${path}`);
      return answer(method, path, seen.length);
    },
    close: async () => {},
  };
  const io = createConsole({
    stdout: new Capture(),
    stderr: new Capture(),
    stdin: {},
    env: {},
    json: false,
    debug: false,
  });
  const clock = fakeClock();
  const options: TaskOptions = {
    io,
    clock,
    signal: new AbortController().signal,
    timeoutMs: 60_000,
    label: 'creating VM 100',
  };
  return { transport, seen, io, clock, options };
}

const status = (exitstatus?: string) => ({
  ...{ upid: UPID, type: 'qmcreate', id: '100' },
  ...(exitstatus === undefined ? { status: 'running' } : { status: 'stopped', exitstatus }),
});

describe('waitTask', () => {
  it('polls quickly at first and then less often, until the task is OK', async () => {
    const { transport, io, clock, options } = setup((_, __, n) => status(n < 12 ? undefined : 'OK'));
    expect(await waitTask(await makeClient(transport, io), toUpid(UPID), options)).toEqual({
      upid: UPID,
      status: 'OK',
    });
    expect([clock.slept[0], clock.slept.at(-1)]).toEqual([50, 1000]);
  });

  it('does not ask for the end of a task that the transport has seen', async () => {
    const { transport, seen, io, options } = setup(() => status('OK'));
    const client = await makeClient({ ...transport, endedWell: (upid) => upid === UPID }, io);
    expect(await waitTask(client, toUpid(UPID), options)).toEqual({ upid: UPID, status: 'OK' });
    expect(seen).toEqual([]);
    await waitTask(client, toUpid(UPID.replace('100', '101')), options);
    expect(seen).toHaveLength(1);
  });

  it("fails with the task's own words and its last log lines", async () => {
    const { transport, io, options } = setup((_, path) =>
      path.endsWith('/log')
        ? [
            { n: 1, t: 'starting' },
            { n: 2, t: 'TASK ERROR: no space' },
          ]
        : status('no space'),
    );
    await expect(waitTask(await makeClient(transport, io), toUpid(UPID), options)).rejects.toMatchObject({
      code: 'TASK_FAILED',
      message: 'Proxmox failed creating VM 100: no space',
      details: { upid: UPID, log: ['starting', 'TASK ERROR: no space'] },
    });
  });

  it('gives up at the deadline and names the task, which goes on', async () => {
    const { transport, io, options } = setup(() => status());
    await expect(waitTask(await makeClient(transport, io), toUpid(UPID), options)).rejects.toMatchObject({
      code: 'TASK_TIMEOUT',
      details: { upid: UPID },
    });
  });

  it('encodes what goes into the path', async () => {
    const { transport, seen, io, options } = setup(() => status('OK'));
    await waitTask(await makeClient(transport, io), toUpid(UPID), options);
    expect(seen).toEqual([
      'GET /api2/json/nodes/pve/tasks/UPID%3Apve%3A00001234%3A0006E78F%3A6B04DAF0%3Aqmcreate%3A100%3Aroot%40pam!zebu%3A/status',
    ]);
  });
});

describe('runTask', () => {
  const lost = new ZebuError('OUTCOME_UNKNOWN', 'the answer was lost');
  const where = { node: toNodeName('pve'), type: 'qmcreate', vmid: toVmid(100) };

  it('looks for the task of a write whose answer was lost, and never sends it again', async () => {
    const { transport, io, options } = setup((_, path) =>
      path.includes('/status') ? status('OK') : [{ upid: UPID, type: 'qmcreate', id: '100', starttime: START }],
    );
    let sent = 0;
    const start = () => Promise.reject(((sent += 1), lost));
    expect((await runTask(await makeClient(transport, io), start, where, options)).upid).toBe(UPID);
    expect(sent).toBe(1);
  });

  it('says that the outcome is unknown when there is no such task', async () => {
    const old = { upid: UPID, type: 'qmcreate', id: '100', starttime: START - 3600 };
    const { transport, io, options } = setup(() => [old, { ...old, type: 'qmstart', starttime: START }]);
    await expect(runTask(await makeClient(transport, io), () => Promise.reject(lost), where, options)).rejects.toBe(
      lost,
    );
  });
});

describe('ids', () => {
  it('takes a UPID apart', () => {
    expect(parseUpid(UPID)).toMatchObject({
      node: 'pve',
      startTime: START,
      type: 'qmcreate',
      id: '100',
      user: 'root@pam!zebu',
    });
    expect(parseUpid('UPID:pve:../../x:')).toBeUndefined();
  });

  it('lets no path in as a node or VM', () => {
    for (const hostile of ['a/b', '..', 'a?b', 'a b', '', '-a']) expect(() => toNodeName(hostile)).toThrow();
    for (const hostile of ['1e3', '99', '100/../101', '', ' 100']) expect(() => toVmid(hostile)).toThrow();
  });
});
