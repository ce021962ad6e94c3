/** How long nothing may move between two machines. */
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { RemoteProcess, SshSession } from '@zebu/kit/ssh';
import type { Context } from '../../../src/lib/context/context.js';
import { pipe } from '../../../src/lib/rebuild/pipe.js';

/** A program in a machine, which ends when it is told to or closed. */
function machine() {
  const stream = new PassThrough();
  let end = (_: { readonly code: number | null; readonly signal: null }): void => {};
  const ended = new Promise<{ readonly code: number | null; readonly signal: null }>((resolve) => (end = resolve));
  const close = vi.fn(() => end({ code: null, signal: null }));
  const process = { stream, stderr: new PassThrough(), ended, close, resize: () => {} } as unknown as RemoteProcess;
  const session = { stream: () => Promise.resolve(process) } as unknown as SshSession;
  return { stream, close, session, exit: () => end({ code: 0, signal: null }) };
}

const context = { signal: new AbortController().signal } as unknown as Context;

describe('what goes from one machine to the other', () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  const begin = (stillMs?: number) => {
    const from = machine();
    const to = machine();
    const ends = { from: { session: from.session, line: 'a' }, to: { session: to.session, line: 'b' } };
    const going = pipe(context, 'it', ends, stillMs === undefined ? {} : { stillMs });
    return { from, to, going };
  };

  it('is given up when nothing moves', async () => {
    const { from, going } = begin();
    const failed = expect(going).rejects.toThrow('Nothing of it moved for 180 s');
    await vi.advanceTimersByTimeAsync(190_000);
    await failed;
    expect(from.close).toHaveBeenCalled();
  });

  it('has as long as its first byte takes', async () => {
    const { from, to, going } = begin(3_600_000);
    await vi.advanceTimersByTimeAsync(1_000_000);
    from.stream.end('image');
    from.exit();
    to.exit();
    expect(await going).toBe(5);
  });

  it('is waited for once all was sent', async () => {
    const { from, to, going } = begin();
    from.stream.end('image');
    from.exit();
    await vi.advanceTimersByTimeAsync(1_000_000);
    expect(to.close).not.toHaveBeenCalled();
    to.exit();
    expect(await going).toBe(5);
  });
});
