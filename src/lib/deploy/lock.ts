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
