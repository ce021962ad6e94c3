import type * as z from 'zod';
import { toCause, type Cause } from '../app-folder/causes.js';
import { causeOfWords } from '../app-folder/older-words.js';
import { accepted } from '../config/rules.js';
import * as rules from './built-rules.js';
import type { endLine, stepLine } from './journal-schemas.js';

export type JournalEvent =
  | {
      readonly kind: 'end';
      readonly verdict: z.infer<typeof endLine>['end'];
      /** Undefined for nothing, and for one that only a newer zebu knows. */
      readonly cause: Cause | undefined;
      /** The same in words. */
      readonly reason: string;
      readonly step: string;
      readonly seconds: number | undefined;
      /** Service → seconds nobody answered for it, of those that were replaced. */
      readonly gaps: Readonly<Record<string, number>>;
      /** What the containers publish: `0.0.0.0:8080->80/tcp`. */
      readonly ports: readonly string[];
      /** The release may have changed data, which going back does not undo. */
      readonly migrated: boolean;
      /** Id of the dump that was made just before; empty for none. */
      readonly dump: string;
    }
  | { readonly kind: 'output'; readonly step: string; readonly line: string }
  | {
      readonly kind: 'step';
      readonly step: string;
      readonly state: z.infer<typeof stepLine>['state'];
      readonly detail: string;
    };

/** Undefined for a line that is cut off or not of a journal. */
export function parseJournalLine(text: string): JournalEvent | undefined {
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch {
    return undefined;
  }
  const end = accepted(data, rules.endLine);
  if (end !== undefined) {
    const { end: verdict, cause, reason, step, seconds, gaps, ports, migrated, dump } = end;
    const why = cause === undefined ? causeOfWords({ verdict, step, reason }) : toCause(cause);
    return {
      kind: 'end',
      verdict,
      cause: why,
      reason,
      step,
      seconds,
      gaps,
      ports: ports.split(', '),
      migrated: migrated === '1',
      dump,
    };
  }
  const step = accepted(data, rules.stepLine);
  if (step !== undefined) return { kind: 'step', step: step.step, state: step.state, detail: step.detail };
  const output = accepted(data, rules.outputLine);
  return output === undefined ? undefined : { kind: 'output', step: output.step, line: output.line };
}

/** Whole lines out of chunks. */
export class LineSplitter {
  #rest = '';

  /** What came after the last line that is complete. */
  get rest(): string {
    return this.#rest;
  }

  /** The lines that are complete by now. */
  push(chunk: string): readonly string[] {
    const lines = (this.#rest + chunk).split('\n');
    this.#rest = lines.pop() ?? '';
    return lines;
  }
}
