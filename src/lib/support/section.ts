import { isZebuError, ZebuError } from '@zebu/kit';
import { toZebuError } from '@zebu/kit/core';
import type { Context } from '../context/context.js';

/** One part of the bundle: what was found, why it was not, or both where it broke off. */
export interface Section {
  readonly id: string;
  readonly title: string;
  readonly text: string | null;
  readonly reason: string | null;
}

/** An error in one line, with its code and the message that a command would end with. */
export function reasonOf(error: unknown): string {
  const { code, message } = isZebuError(error) ? error : toZebuError(error);
  return `${code}: ${message}`;
}

/** @throws what interrupted the whole command; anything else is the reason why there is nothing */
export async function section(
  id: string,
  title: string,
  signal: AbortSignal,
  make: () => Promise<string> | string,
): Promise<Section> {
  try {
    return { id, title, text: await make(), reason: null };
  } catch (error) {
    signal.throwIfAborted();
    return { id, title, text: null, reason: reasonOf(error) };
  }
}

/**
 * Waits so many milliseconds for something, then goes on without it, also when it does not listen to the signal.
 * @throws UNREACHABLE
 */
export async function within<T>(context: Context, ms: number, run: (bounded: Context) => Promise<T>): Promise<T> {
  const limit = new AbortController();
  const timer = setTimeout(
    () => limit.abort(new ZebuError('UNREACHABLE', `There was no answer within ${ms / 1000} s`)),
    ms,
  );
  const signal = AbortSignal.any([context.signal, limit.signal]);
  try {
    const over = new Promise<never>((_, reject) => {
      const end = (): void => reject(signal.reason instanceof Error ? signal.reason : new Error('aborted'));
      if (signal.aborted) end();
      else signal.addEventListener('abort', end, { once: true });
    });
    return await Promise.race([run({ ...context, signal }), over]);
  } finally {
    clearTimeout(timer);
  }
}
