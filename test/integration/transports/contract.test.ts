/** What every transport promises, asked of each: the code above them must not be able to tell which one it has. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { theLab } from '../../support/lab.js';
import { interrupted, type Transport } from '../../../plugins/kit/src/index.js';
import { fault } from '../../support/lab-control.js';
import { ask, connect } from '../../support/transports.js';

const lab = theLab();
const NODE = `/nodes/${lab.node}`;

/** Text that a shell, a form, a percent decoder or an option parser could take for something else. */
const HOSTILE = [
  `it's "quoted" $(touch /tmp/x) \`id\` ; & | < > * ? \\ !`,
  '--looks-like-an-option',
  '-1',
  'a=b&c=d+e%20f',
  'ümläut 漢字 🚀',
  'two\nlines\n',
  '  spaces  ',
];

const VMIDS = { ssh: 9101, api: 9102, 'ssh without forwarding': 9103 } as const;

describe.each(['ssh', 'api', 'ssh without forwarding'] as const)('the transport %s', (id) => {
  const vmid = VMIDS[id];
  const name = `contract-${vmid}`;
  const throughPvesh = id === 'ssh without forwarding';
  const VM = `${NODE}/qemu/${vmid}`;
  let transport: Transport;

  beforeAll(async () => {
    transport = await connect(lab, id);
  });
  afterAll(async () => {
    await ask(transport, 'DELETE', VM).catch(() => undefined);
    await transport.close();
  });

  const finished = async (upid: unknown): Promise<string | undefined> => {
    for (;;) {
      const task = (await ask(transport, 'GET', `${NODE}/tasks/${String(upid)}/status`)) as {
        status: string;
        exitstatus?: string;
      };
      if (task.status === 'stopped') return task.exitstatus;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  };

  it('reads', async () => {
    expect(await ask(transport, 'GET', '/version')).toMatchObject({
      version: expect.stringMatching(/^\d+\.\d+/) as string,
    });
    expect(await ask(transport, 'GET', '/nodes')).toContainEqual(expect.objectContaining({ node: lab.node }));
  });

  it('starts a task and hands over its UPID', async () => {
    const upid = await ask(transport, 'POST', `${NODE}/qemu`, { vmid, memory: 64, name });
    expect(upid).toMatch(new RegExp(`^UPID:${lab.node}:.*:qmcreate:${vmid}:`));
    // pvesh has stayed until it was done.
    expect(transport.endedWell?.(String(upid)) ?? false).toBe(throughPvesh);
    expect(await finished(upid)).toBe('OK');
  });

  it('writes and reads back text as it was, whatever is in it', async () => {
    for (const text of HOSTILE) {
      expect(await ask(transport, 'PUT', `${VM}/config`, { description: text })).toBeNull();
      expect(await ask(transport, 'GET', `${VM}/config`)).toMatchObject({ description: text });
    }
  });

  it('sends booleans as 1 and 0, leaves out what is undefined', async () => {
    await ask(transport, 'PUT', `${VM}/config`, { onboot: true, protection: false, name: undefined });
    expect(await ask(transport, 'GET', `${VM}/config`)).toMatchObject({
      onboot: 1,
      protection: 0,
      name,
    });
  });

  it('answers many requests at once, each with its own answer', async () => {
    const paths = ['/version', '/nodes', `${VM}/config`, `${NODE}/storage`, '/cluster/nextid', `${VM}/status/current`];
    const alone = await Promise.all(paths.map((path) => ask(transport, 'GET', path)));
    const together = await Promise.all([...paths, ...paths, ...paths].map((path) => ask(transport, 'GET', path)));
    const kinds = (answers: readonly unknown[]): string[] =>
      answers.map((each) =>
        typeof each === 'object'
          ? Object.keys(Object(each) as object)
              .sort()
              .join()
          : typeof each,
      );
    expect(kinds(together)).toEqual(kinds([...alone, ...alone, ...alone]));
  });

  it('tells of wrong parameters by name', async () => {
    const wrong = { status: 400, errors: { cores: 'value must have a minimum value of 1' } };
    await expect(ask(transport, 'PUT', `${VM}/config`, { cores: 0 })).rejects.toMatchObject({
      code: 'PROXMOX_REFUSED',
      details: wrong,
    });
  });

  it('tells of parameters that there are not', async () => {
    // pvesh does not get as far as the schema.
    const said = throughPvesh
      ? { status: 400, reason: expect.stringContaining('Unknown option: nosuchoption') as string }
      : { status: 400, errors: { nosuchoption: expect.stringContaining('not defined in schema') as string } };
    await expect(ask(transport, 'PUT', `${VM}/config`, { nosuchoption: 1 })).rejects.toMatchObject({
      code: 'PROXMOX_REFUSED',
      details: said,
    });
  });

  it('tells what a VM that is not there is called', async () => {
    await expect(ask(transport, 'GET', `${NODE}/qemu/99999/config`)).rejects.toMatchObject({
      code: 'PROXMOX_REFUSED',
      message: expect.stringContaining("Configuration file 'nodes/") as string,
      details: { status: 500 },
    });
  });

  it('tells of a path that does not exist', async () => {
    await expect(ask(transport, 'GET', '/no/such/path')).rejects.toMatchObject({
      code: 'PROXMOX_REFUSED',
      details: { status: 501 },
    });
  });

  it('gives a task that fails as a UPID, not as an error', async () => {
    const upid = await ask(transport, 'POST', `${NODE}/qemu/99999/status/start`);
    expect(transport.endedWell?.(String(upid)) ?? false).toBe(false);
    expect(await finished(upid)).toMatch(/^Configuration file .* does not exist$/);
  });

  it('ends a read at once when it is interrupted, with the reason given', async () => {
    const stop = new AbortController();
    const own = await connect(lab, id, { signal: stop.signal });
    try {
      const reason = interrupted();
      const reading = ask(own, 'GET', '/version');
      stop.abort(reason);
      await expect(reading).rejects.toBe(reason);
    } finally {
      await own.close();
    }
  });

  it('does not claim to know the outcome of an interrupted write', async () => {
    const stop = new AbortController();
    const own = await connect(lab, id, { signal: stop.signal });
    try {
      // pvesh stays with its task; the REST API would answer at once.
      if (throughPvesh) await fault(lab, { kind: 'delay-task', task: 'resize', ms: 3000 });
      else await fault(lab, { kind: 'hang', method: 'PUT', path: `/qemu/${vmid}/resize` });
      const writing = ask(own, 'PUT', `${VM}/resize`, { disk: 'scsi0', size: '+1G' });
      setTimeout(() => stop.abort(interrupted()), 1000);
      await expect(writing).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' });
    } finally {
      await own.close();
    }
  });
});
