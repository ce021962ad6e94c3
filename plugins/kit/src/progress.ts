/** What a command is doing, as `--events` streams it: one JSON object a line on stderr, in the order things happen. */
export type ProgressEvent =
  | {
      readonly type: 'step';
      /** `begin` once, then any number of `wait` and `output`, then `done` or `failed` once. */
      readonly state: 'begin' | 'done' | 'failed' | 'output' | 'wait';
      /** The same for all events of one step; counts from 1 in the order steps begin. */
      readonly step: number;
      readonly title: string;
      /** What is waited for, the line that was printed, or how it ended. */
      readonly detail?: string;
      /** Seconds since the step began; with `done` and `failed`. */
      readonly seconds?: number;
    }
  | { readonly type: 'debug' | 'note' | 'warning'; readonly message: string }
  | {
      readonly type: 'error';
      readonly code: string;
      readonly exit: number;
      readonly message: string;
      readonly hint?: string;
    };

/** Raised when a field changes its meaning. */
export const EVENTS_SCHEMA = 1;

/** What the line is JSON of, with the moment it is written. */
export function eventOf(event: ProgressEvent, now: Date): object {
  return { schema: EVENTS_SCHEMA, time: now.toISOString(), ...event };
}
