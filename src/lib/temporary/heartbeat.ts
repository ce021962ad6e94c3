import { toZebuError } from '@zebu/kit/core';
import type { Context } from '../context/context.js';
import type { ProxmoxClient } from '../proxmox/client.js';
import { writeNote, type CopyNote } from './note.js';
import type { Place } from './remove.js';

/** Milliseconds between two signs of life in the note of a copy. */
export const BEAT_MS = 15_000;

/** Renews the note of a copy as long as `work` goes on. @param write the note as text, for one that has more in it */
export async function whileBeating<T>(
  context: Context,
  client: ProxmoxClient,
  { node, vmid }: Place,
  note: CopyNote,
  work: () => Promise<T>,
  write: (note: CopyNote) => string = writeNote,
): Promise<T> {
  const { clock, io, signal } = context;
  const done = new AbortController();
  const either = AbortSignal.any([signal, done.signal]);
  const beat = async (): Promise<void> => {
    for (let count = note.beat + 1; ; count++) {
      await clock.sleep(BEAT_MS, either);
      const description = write({ ...note, beat: count });
      await client
        .request('PUT', `/nodes/${node}/qemu/${vmid}/config`, { description })
        // Locked for a moment, or the host is busy: the next one tells it.
        .catch((error: unknown) => io.debug(() => `the note of VM ${vmid}: ${toZebuError(error).message}`));
    }
  };
  const beating = beat().catch(() => undefined);
  try {
    return await work();
  } finally {
    done.abort();
    await beating;
  }
}
