import STATUSES from './statuses.sh';

function statusOf(name: string): number {
  const [, status] = new RegExp(`^${name}=(\\d+)$`, 'm').exec(STATUSES) ?? [];
  if (status === undefined) throw new Error(`statuses.sh has no ${name}`);
  return Number(status);
}

/** There is nothing of the app in the VM, or nothing live where something has to be. */
export const MISSING_STATUS = statusOf('MISSING');

/** `current` leads nowhere. */
export const BROKEN_STATUS = statusOf('BROKEN');

/** Another run holds the lock; its note is on standard output. */
export const LOCKED_STATUS = statusOf('LOCKED');

/** Another run went live between the survey and the lock. */
export const OVERTAKEN_STATUS = statusOf('OVERTAKEN');

/** What was compared is another one by now: secrets, or the runner. */
export const CHANGED_STATUS = statusOf('CHANGED');

/** There is a run of the same name. */
export const TAKEN_STATUS = statusOf('TAKEN');

/** The git objects were damaged, and are removed. */
export const DAMAGED_STATUS = statusOf('DAMAGED');

/** A run was interrupted, and is not ended. */
export const OPEN_STATUS = statusOf('OPEN');
