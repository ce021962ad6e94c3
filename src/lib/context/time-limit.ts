import { handledLater, interrupted } from '@zebu/kit';
import type { Clock } from './context.js';

/**
 * One bound for something that takes several questions: their answers, their repetitions and the pauses between them all
 * count against it, however long a single one takes.
 */
export interface TimeLimit {
  /** Milliseconds; 0 when it is over. */
  left(): number;
  /** Milliseconds since it began. */
  spent(): number;
  /**
   * What `attempt` gives; undefined when the time is over first. Then its signal aborts and nobody waits for it any more.
   * @throws what `attempt` throws, and the reason of the signal the limit was made with
   */
  within<T>(attempt: (signal: AbortSignal) => Promise<T>): Promise<T | undefined>;
  /** No longer than what is left. */
  sleep(ms: number): Promise<void>;
}

/** @param ms from now on */
export function timeLimit(
  ms: number,
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
): TimeLimit {
  const began = clock.elapsed();
  const spent = (): number => clock.elapsed() - began;
  const left = (): number => Math.max(0, ms - spent());
  return {
    left,
    spent,
    sleep: (pause) => clock.sleep(Math.min(pause, left()), signal),
    within: async (attempt) => {
      signal.throwIfAborted();
      const over = new AbortController();
      let timer: NodeJS.Timeout | undefined;
      let stop = (): void => {};
      const ended = new Promise<undefined>((resolve, reject) => {
        // A timer of Node, not of `clock`, which stands still in tests while the awaited work goes on.
        timer = setTimeout(() => {
          over.abort();
          resolve(undefined);
        }, left());
        stop = () => reject(signal.reason instanceof Error ? signal.reason : interrupted());
        signal.addEventListener('abort', stop, { once: true });
      });
      const work = attempt(AbortSignal.any([signal, over.signal]));
      // The rejection of the one that loses the race is of no interest.
      try {
        return await Promise.race([handledLater(work), handledLater(ended)]);
      } finally {
        clearTimeout(timer);
        signal.removeEventListener('abort', stop);
      }
    },
  };
}
