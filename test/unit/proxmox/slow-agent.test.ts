import { interrupted, pveError } from '@zebu/kit';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../../src/lib/context/context.js';
import { waitForAddress, waitForAgent, waitForHostKeys, type Waiting } from '../../../src/lib/proxmox/agent.js';
import { toNodeName, toVmid } from '../../../src/lib/proxmox/ids.js';
import { clientOf, type Asked } from '../../support/slow-proxmox.js';

/** A real node takes so long to say that an agent is not up. */
const SILENT_MS = 3100;

const later = async (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

function silent({ method, path }: Asked): never {
  throw pveError({ method, path, status: 500, reason: 'QEMU guest agent is not running' });
}

interface Node {
  readonly client: ReturnType<typeof clientOf>;
  /** What it is asked for, without its path. */
  readonly asked: () => readonly string[];
}

/** @param status of the VM, whenever it is asked for; `agent` takes SILENT_MS in any case */
function node(agent: (asked: Asked) => unknown, status = (): string => 'running'): Node {
  const client = clientOf(async (asked) => {
    if (asked.path.endsWith('/status/current')) {
      await later(100);
      return { status: status(), uptime: 7 };
    }
    await later(SILENT_MS);
    return agent(asked);
  });
  return { client, asked: () => client.asked.map(({ path }) => path.split('/').slice(5).join('/')) };
}

const target = ({ client }: Node) => ({ client, node: toNodeName('pve'), vmid: toVmid(100) });
const waiting = (seconds: number, signal = new AbortController().signal): Waiting => ({
  clock: systemClock,
  signal,
  timeoutMs: seconds * 1000,
  onWait: () => {},
});

/** Runs to its end in a time that is not real. @returns how it ended, and after how many seconds */
async function timed<T>(
  work: () => Promise<T>,
): Promise<{ readonly seconds: number; readonly value?: T; readonly error?: unknown }> {
  const started = performance.now();
  const ended = work().then(
    (value) => ({ value, seconds: (performance.now() - started) / 1000 }),
    (error: unknown) => ({ error, seconds: (performance.now() - started) / 1000 }),
  );
  await vi.advanceTimersByTimeAsync(3_600_000);
  return ended;
}

describe('an agent that takes three seconds to be silent', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it.each([1, 5, 10, 60])('is waited for as long as was said: %d s', async (limit) => {
    const pve = node(silent);
    const { error, seconds } = await timed(() => waitForAgent(target(pve), waiting(limit)));
    expect(error).toMatchObject({ code: 'VM_NOT_READY' });
    expect(seconds).toBeCloseTo(limit, 1);
    expect(String((error as Error).message)).toContain(`within ${limit} s`);
  });

  it('bounds the waits for an address and for host keys as well', async () => {
    const waits: readonly ((pve: Node) => Promise<unknown>)[] = [
      (pve) => waitForAddress(target(pve), 'bc:24:11:00:00:01', waiting(20)),
      (pve) => waitForHostKeys(target(pve), waiting(20)),
    ];
    for (const wait of waits) {
      const { error, seconds } = await timed(() => wait(node(silent)));
      expect(error).toMatchObject({ code: 'VM_NOT_READY' });
      expect(seconds).toBeCloseTo(20, 1);
    }
  });

  it('is only asked again once it is known that the VM runs', async () => {
    const pve = node(silent);
    await timed(() => waitForAgent(target(pve), waiting(30)));
    const asked = pve.asked();
    expect(asked.length).toBeGreaterThan(6);
    asked.forEach((what, i) => {
      if (what.startsWith('agent/') && i > 0) expect(asked[i - 1]).toBe('status/current');
    });
  });

  it('is not waited for any more when the VM has stopped', async () => {
    let seen = 0;
    const pve = node(silent, () => (++seen < 3 ? 'running' : 'stopped'));
    const { error, seconds } = await timed(() => waitForAgent(target(pve), waiting(600)));
    expect(error).toMatchObject({ code: 'VM_NOT_RUNNING', details: { status: 'stopped' } });
    expect(seconds).toBeLessThan(15);
  });

  it('of a VM that somebody stops is told as that, and what to do', async () => {
    let asked = 0;
    const pve = node((what) => {
      if (++asked < 3) silent(what);
      throw pveError({ ...what, status: 500, reason: 'VM 100 is not running' });
    });
    const waits: readonly ((pve: Node) => Promise<unknown>)[] = [
      (each) => waitForAgent(target(each), waiting(600)),
      (each) => waitForHostKeys(target(each), waiting(600)),
    ];
    for (const wait of waits) {
      const { error, seconds } = await timed(() => wait(pve));
      expect(error).toMatchObject({
        code: 'VM_NOT_RUNNING',
        message: 'VM 100 does not run any more: it has stopped while its guest agent was asked',
        hint: expect.stringContaining('zebu vm:start') as string,
      });
      expect(seconds).toBeLessThan(15);
    }
  });

  it('is heard when it answers at last', async () => {
    let asked = 0;
    const pve = node((what) => (++asked < 4 ? silent(what) : { result: [] }));
    expect((await timed(() => waitForAgent(target(pve), waiting(60)))).value).toEqual([]);
  });

  it('does not keep an interruption waiting', async () => {
    const abort = new AbortController();
    setTimeout(() => abort.abort(interrupted()), 1000);
    const { error, seconds } = await timed(() => waitForAgent(target(node(silent)), waiting(600, abort.signal)));
    expect(error).toMatchObject({ code: 'INTERRUPTED' });
    expect(seconds).toBeCloseTo(1, 1);
  });
});
