import { isZebuError, ZebuError } from '@zebu/kit';
import type * as z from 'zod';
import { accepted, acceptedJson } from '../config/rules.js';
import { holderLine } from './built-rules.js';
import type { holderNote } from './holder-schema.js';

/** What the holder of the lock left about itself; a courtesy, since the lock itself is the kernel's. */
export type Holder = z.infer<typeof holderNote>;

export const parseHolder = (note: string | undefined): Holder | undefined => acceptedJson(note, holderLine);

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

/** The holder that an error of lockHeld or overtaken names. */
export function refusedBy(error: unknown): Holder | undefined {
  if (!isZebuError(error) || error.code !== 'LOCK_HELD') return undefined;
  return accepted(error.details, holderLine);
}

/** Another release went live since the operation was planned. */
export function overtaken(note: string | undefined): ZebuError {
  const holder = parseHolder(note);
  return new ZebuError('LOCK_HELD', `Another deploy went live meanwhile: ${describeHolder(holder)}`, {
    hint: 'See what is live: zebu app:status. To come after it, run the command again.',
    details: holder ?? {},
  });
}

/** What the write was compared with has changed since: it is refused, so that nothing newer is overwritten. */
export function changedMeanwhile(): ZebuError {
  return new ZebuError('LOCK_HELD', 'Somebody else changed the app in the VM meanwhile; nothing was written', {
    hint: 'Run the command again.',
  });
}

/** The name of a deploy is this machine's time, to the second, and the commit: the same name is a second one within the second. */
export class NameTaken extends ZebuError {
  constructor(run: string) {
    super('LOCK_HELD', `There is a run named ${run} in the VM already; nothing was changed`, {
      hint: 'Run the command again. If it says so again, the clock of this machine stands still: see date.',
    });
  }
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
