import { parseJournalLine, type JournalEvent } from '../runs/journal-events.js';

export type JournalEnd = Extract<JournalEvent, { kind: 'end' }>;

export interface StepTime {
  readonly step: string;
  /** Whole ones: the journal counts no finer. */
  readonly seconds: number;
}

/** Lines kept of what a run in a copy has printed. */
const KEPT = 40;

/** What a run in a copy has said so far. */
export class CopyJournal {
  end: JournalEnd | undefined;
  /** The output of its programs since it failed, or the last of it. */
  readonly lines: string[] = [];
  /** Why it failed, before anything was put back. */
  failed: string | undefined;
  readonly #begun: { readonly step: string; readonly at: number }[] = [];
  #last = 0;
  readonly #onStep: (text: string) => void;

  /** @param onStep what is being done, in words */
  constructor(onStep: (text: string) => void) {
    this.#onStep = onStep;
  }

  take(line: string): void {
    const event = parseJournalLine(line);
    if (event === undefined) return;
    const at = /^\{"t":(\d+),/.exec(line)?.[1];
    if (at !== undefined) this.#last = Number(at);
    if (event.kind === 'end') this.end = event;
    else if (event.kind === 'output') this.#keep(event.line);
    else {
      if (event.state === 'begin') this.#begun.push({ step: event.step, at: this.#last });
      if (event.state === 'failed') this.failed ??= event.detail;
      this.#onStep(event.detail === '' ? event.step : event.detail);
    }
  }

  #keep(line: string): void {
    // What follows a failure is the way back, which is of no interest as long as it succeeds.
    if (this.failed !== undefined) return;
    this.lines.push(line);
    if (this.lines.length > KEPT) this.lines.shift();
  }

  /** How long each step took, in their order; one that came several times counts together. */
  times(): readonly StepTime[] {
    const times = new Map<string, number>();
    for (const [index, { step, at }] of this.#begun.entries()) {
      const until = this.#begun[index + 1]?.at ?? this.#last;
      times.set(step, (times.get(step) ?? 0) + Math.max(0, until - at));
    }
    return [...times].map(([step, seconds]) => ({ step, seconds }));
  }
}
