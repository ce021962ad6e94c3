import { EXIT } from './errors.js';

/** What can become of a command. */
export type Ending = keyof typeof EXIT;

/** How a command can end: its static `exits`, which the reference of commands is written from. */
export interface Exits {
  /** Exit statuses, ascending. */
  readonly statuses: readonly number[];
  /** What the numbers do not say. */
  readonly note?: string;
}

/** Any command can come to its end, meet a defect, be typed wrongly and be interrupted. */
const ALWAYS: readonly Ending[] = ['done', 'bug', 'usage', 'interrupted'];

/**
 * The static `exits` of a command: `static override exits = exits(['configuration', 'precondition'])`.
 * @param others how it can end besides as any command can
 * @param note what the numbers do not say: one sentence or two
 */
export function exits(others: readonly Ending[], note?: string): Exits {
  const statuses = [...new Set([...ALWAYS, ...others].map((ending): number => EXIT[ending]))].toSorted((a, b) => a - b);
  return { statuses, ...(note === undefined ? {} : { note }) };
}
