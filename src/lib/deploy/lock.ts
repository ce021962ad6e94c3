import { ZebuError } from '@zebu/kit';

/** Exit status of a script in the VM when another deploy holds the lock. */
export const LOCKED_STATUS = 75;

/** Who holds the lock, from the note the holder left. */
export function lockHeld(note: string): ZebuError {
  let who = 'somebody';
  let details: Record<string, unknown> = {};
  try {
    details = JSON.parse(note) as Record<string, unknown>;
    who = `${String(details['who'])} from ${String(details['from'])}, since ${String(details['since'])} (${String(details['ref'])})`;
  } catch {
    // The note is a courtesy; the lock itself is the kernel's.
  }
  return new ZebuError('LOCK_HELD', `Another deploy is running: ${who}`, {
    hint: 'Wait for it, or give --lock-wait to do so. The lock frees itself when that deploy ends.',
    details,
  });
}

/** A write that was compared with what was there by then is not done over something else. */
export function changedMeanwhile(): ZebuError {
  return new ZebuError('LOCK_HELD', 'Somebody else changed the secrets in the VM meanwhile; nothing was written', {
    hint: 'Run the command again.',
  });
}
