import { ZebuError } from '@zebu/kit';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { systemClock, type Context } from '../../../src/lib/context/context.js';
import { onceUp } from '../../../src/lib/guest/address.js';
import { silentIo } from '../../support/slow-proxmox.js';

const later = async (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const notReady = (details: Readonly<Record<string, unknown>> = {}): ZebuError =>
  new ZebuError('VM_NOT_READY', 'its SSH is not there yet', { details });

/** Of a VM that has been up for `upSeconds`. @returns how it ended, after how many seconds and attempts */
async function run(upSeconds: number, attempt: (times: number) => Promise<string>) {
  const config = { vm: { ready_timeout: 600 } };
  const context = { clock: systemClock, signal: new AbortController().signal, io: silentIo(), config };
  let times = 0;
  const started = performance.now();
  const ended = (outcome: object) => ({ ...outcome, times, seconds: Math.round((performance.now() - started) / 1000) });
  const work = onceUp(
    context as unknown as Context,
    100,
    upSeconds,
  )(() => attempt(++times)).then(
    (value) => ended({ value }),
    (error: unknown) => ended({ error }),
  );
  await vi.advanceTimersByTimeAsync(3_600_000);
  return work;
}

describe('three minutes after the start of a VM', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('what the boot cures is tried again until they are over', async () => {
    const attempt = async (times: number): Promise<string> => {
      await later(1000);
      if (times < 5) throw notReady();
      return 'up';
    };
    expect(await run(10, attempt)).toMatchObject({ value: 'up', times: 5 });
    const { seconds, ...failed } = await run(10, async () => Promise.reject(notReady()));
    expect(failed).toMatchObject({ error: { code: 'VM_NOT_READY' } });
    expect(seconds).toBeGreaterThan(165);
    expect(seconds).toBeLessThanOrEqual(173);
  });

  it.each([100, 151, 179])('an attempt under way goes on to its own end, begun %d s after it', async (up) => {
    const slow = async (): Promise<string> => later(100_000).then(() => 'up');
    expect(await run(up, slow)).toEqual({ value: 'up', times: 1, seconds: 100 });
  });

  it('an attempt that ends badly after them is the last, and says why itself', async () => {
    const slow = async (): Promise<string> => later(20_000).then(() => Promise.reject(notReady()));
    expect(await run(179, slow)).toMatchObject({
      error: { message: 'its SSH is not there yet' },
      times: 1,
      seconds: 20,
    });
  });

  it('a VM that is up is tried once, unless a backup holds its file systems', async () => {
    expect(await run(9999, async () => Promise.reject(notReady()))).toMatchObject({ times: 1, seconds: 0 });
    const held = async (times: number): Promise<string> =>
      times < 4 ? Promise.reject(notReady({ agent: 'frozen' })) : 'thawed';
    expect(await run(9999, held)).toMatchObject({ value: 'thawed', times: 4 });
  });
});
