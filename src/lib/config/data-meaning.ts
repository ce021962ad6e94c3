import type { DataSettings } from './data-section.js';

/** Whether `prove.max_age` is meant of dumps, too: they are made by themselves, or kept for the day the VM is gone. */
export const wantsDumpProofs = (data: DataSettings | undefined): boolean =>
  data?.schedule !== undefined || data?.offsite !== undefined;
