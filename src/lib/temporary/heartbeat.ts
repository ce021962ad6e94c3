import { toZebuError } from '@zebu/kit/core';
import type { Context } from '../context/context.js';
import type { ProxmoxClient } from '../proxmox/client.js';
import { writeNote, type CopyNote } from './note.js';
import type { Place } from './remove.js';

/** Milliseconds between two signs of life in the note of a copy. */
export const BEAT_MS = 15_000;

/**
 * Calls `renew` with a growing number until it is told to stop. What it could not do the next beat does.
 * @param what is renewed, in words
 * @returns what stops it, and waits for the last beat to be answered
 */
export function startBeating(
  { clock, io, signal }: Context,
  from: number,
  what: string,
  renew: (beat: number) => Promise<unknown>,
): () => Promise<void> {
  const done = new AbortController();
  const either = AbortSignal.any([signal, done.signal]);
  const beat = async (): Promise<void> => {
    for (let count = from + 1; ; count++) {
      await clock.sleep(BEAT_MS, either);
      // Locked for a moment, or the host is busy: the next one tells it.
      await renew(count).catch((error: unknown) => io.debug(() => `${what}: ${toZebuError(error).message}`));
    }
  };
  const beating = beat().catch(() => undefined);
  return async () => {
    done.abort();
    await beating;
  };
}

/** Renews the note of a copy as long as `work` goes on. @param write the note as text, for one that has more in it */
export async function whileBeating<T>(
  context: Context,
  client: ProxmoxClient,
  { node, vmid }: Place,
  note: CopyNote,
  work: () => Promise<T>,
  write: (note: CopyNote) => string = writeNote,
): Promise<T> {
  const stop = startBeating(context, note.beat, `the note of VM ${vmid}`, (beat) =>
    client.request('PUT', `/nodes/${node}/qemu/${vmid}/config`, { description: write({ ...note, beat }) }),
  );
  try {
    return await work();
  } finally {
    await stop();
  }
}
