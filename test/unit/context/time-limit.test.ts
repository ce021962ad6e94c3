import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { systemClock, type Context } from '../../../src/lib/context/context.js';
import { whileGettingReady, readyLimit } from '../../../src/lib/vm/ensure/ensuring.js';
import type { AgentTarget } from '../../../src/lib/proxmox/agent.js';
import { timeLimit } from '../../../src/lib/context/time-limit.js';

const later = <T>(ms: number, value: T): Promise<T> => new Promise((resolve) => setTimeout(() => resolve(value), ms));

async function inNoTime<T>(work: Promise<T>): Promise<T> {
  work.catch(() => {});
  await vi.advanceTimersByTimeAsync(100_000);
  return work;
}

describe('a time limit', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  const limited = (ms: number, signal = new AbortController().signal) => timeLimit(ms, { clock: systemClock, signal });

  it('gives what is there in time, and nothing that is not', async () => {
    const limit = limited(5000);
    expect(await inNoTime(limit.within(() => later(1000, 'early')))).toBe('early');
    expect(await inNoTime(limited(5000).within(() => later(6000, 'late')))).toBeUndefined();
  });

  it('counts all that is asked within it together, pauses included', async () => {
    const limit = limited(10_000);
    const work = async (): Promise<number> => {
      let asked = 0;
      while ((await limit.within(() => later(3100, 'no'))) !== undefined) {
        asked++;
        await limit.sleep(2000);
      }
      return asked;
    };
    const before = performance.now();
    const done = work().then((asked) => [asked, performance.now() - before]);
    expect(await inNoTime(done)).toEqual([2, expect.closeTo(10_000, -1)]);
  });

  it('tells whoever is still at it that nobody waits any more', async () => {
    let told = false;
    await inNoTime(
      limited(1000).within(async (signal) => {
        signal.addEventListener('abort', () => (told = true));
        return later(50_000, 'late');
      }),
    );
    expect(told).toBe(true);
  });

  it('is one for all steps that get a VM ready: vm.ready_timeout', async () => {
    const context = {
      clock: systemClock,
      signal: new AbortController().signal,
      config: { vm: { ready_timeout: 10 } },
    } as unknown as Context;
    const ensuring = { context, ready: undefined, target: { vmid: 100 } as AgentTarget };
    await inNoTime(whileGettingReady(ensuring, 'SSH', () => later(7000, true)));
    // The clock went on by much more meanwhile.
    expect(readyLimit(ensuring).left()).toBe(0);
    await expect(inNoTime(whileGettingReady(ensuring, 'Docker', () => later(1000, true)))).rejects.toMatchObject({
      code: 'VM_NOT_READY',
      message: 'VM 100 was not ready within 10 s: Docker',
    });
  });
});
