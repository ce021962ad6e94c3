import { ZebuError } from '@zebu/kit';
import * as z from 'zod';

/** Exit status of a script in the VM when another deploy holds the lock. */
export const LOCKED_STATUS = 75;

export const holderNote = z.object({
  who: z.string(),
  from: z.string(),
  /** ISO 8601. */
  since: z.string(),
  ref: z.string(),
  /** The release that is to be live. */
  id: z.string(),
  /** Names the journal. */
  run: z.string().optional(),
  commit: z.string().optional(),
});

/** What the holder of the lock left about itself; a courtesy, since the lock itself is the kernel's. */
export type Holder = z.infer<typeof holderNote>;

export function parseHolder(note: string | undefined): Holder | undefined {
  try {
    return holderNote.parse(JSON.parse(note ?? ''));
  } catch {
    return undefined;
  }
}

export function describeHolder(holder: Holder | undefined): string {
  if (holder === undefined) return 'somebody';
  return `${holder.who} from ${holder.from}, since ${holder.since} (${holder.ref})`;
}

/** Who holds the lock, from where, since when. */
export function lockHeld(note: string | undefined): ZebuError {
  const holder = parseHolder(note);
  return new ZebuError('LOCK_HELD', `Another deploy is running: ${describeHolder(holder)}`, {
    hint: 'Watch it: zebu app:follow. Wait for it: --lock-wait. The lock frees itself when that deploy ends.',
    details: holder ?? {},
  });
}

/** A write that was compared with what was there by then is not done over something else. */
export function changedMeanwhile(): ZebuError {
  return new ZebuError('LOCK_HELD', 'Somebody else changed the app in the VM meanwhile; nothing was written', {
    hint: 'Run the command again.',
  });
}
