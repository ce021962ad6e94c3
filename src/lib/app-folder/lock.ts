import { isZebuError, sh, ZebuError } from '@zebu/kit';
import * as z from 'zod';

/** Exit status of a script in the VM when another deploy holds the lock. */
export const LOCKED_STATUS = 75;

/** Exit status of a script in the VM when another deploy went live between the survey and the lock. */
export const OVERTAKEN_STATUS = 76;

/** Exit status of a script in the VM when there is a run of the same name. */
export const TAKEN_STATUS = 78;

/** Exit status of a script in the VM that found its git objects damaged, and has removed them. */
export const DAMAGED_STATUS = 79;

/** Exit status of a script in the VM that found a run which was interrupted and is not ended. */
export const OPEN_STATUS = 80;

/**
 * Run in the app's folder: the lock as descriptor 9, which the kernel frees with the process, or the holder's note and
 * LOCKED_STATUS. Whoever only asks whether it is held has it shared, for a moment, and is no reason to refuse; who has just
 * got it is waited for until there is a note.
 * @param wait seconds to wait for the holder
 */
export function takeLock(wait = 0): string {
  if (wait > 0)
    return sh`
exec 9>>lock
flock -w ${wait} 9 || { cat holder 2>/dev/null || :; exit ${LOCKED_STATUS}; }
`;
  return sh`
exec 9>>lock
n=0
until flock -n 9; do
n=$((n + 1))
{ flock -ns 8 8>>lock || [ ! -s holder ]; } && [ $n -lt 99 ] && sleep .05 || { cat holder 2>/dev/null || :; exit ${LOCKED_STATUS}; }
done
`;
}

/** The note of a script that has the lock as long as it runs. A run in the VM removes its note itself, when it has ended. */
export function signLock(holder: string): string {
  return sh`
trap 'rm -f holder' EXIT
printf '%s' ${holder} >holder
`;
}

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

/** Whom lockHeld and overtaken named. */
export function refusedBy(error: unknown): Holder | undefined {
  if (!isZebuError(error) || error.code !== 'LOCK_HELD') return undefined;
  return holderNote.safeParse(error.details).data;
}

/** What was to be done was made for another release than the one that is live by now. */
export function overtaken(note: string | undefined): ZebuError {
  const holder = parseHolder(note);
  return new ZebuError('LOCK_HELD', `Another deploy went live meanwhile: ${describeHolder(holder)}`, {
    hint: 'See what is live: zebu app:status. To come after it, run the command again.',
    details: holder ?? {},
  });
}

/** A write that was compared with what was there by then is not done over something else. */
export function changedMeanwhile(): ZebuError {
  return new ZebuError('LOCK_HELD', 'Somebody else changed the app in the VM meanwhile; nothing was written', {
    hint: 'Run the command again.',
  });
}

/** A name is made of this machine's clock, to the second, and the commit. */
export function nameTaken(run: string): ZebuError {
  return new ZebuError('LOCK_HELD', `There is a run named ${run} in the VM already; nothing was changed`, {
    hint: 'Run the command again. If it says so again, the clock of this machine stands still: see date.',
  });
}

/** As after a power cut, or on a bad disk. */
export function objectsDamaged(): ZebuError {
  return new ZebuError(
    'VM_NOT_READY',
    'The git objects in the VM were damaged and are removed; nothing that runs was changed',
    {
      hint: 'Run the command again: it sends all of them.',
    },
  );
}
