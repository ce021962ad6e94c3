import * as z from 'zod';
import { toCause, type Cause } from '../app-folder/causes.js';
import { causeOfWords } from '../app-folder/older-words.js';

/** Lines of a journal as the runner writes them. */
const stepLine = z.object({
  t: z.number(),
  step: z.string(),
  state: z.enum(['begin', 'wait', 'output', 'failed', 'done']),
  detail: z.string(),
});
const outputLine = z.object({ step: z.string(), line: z.string() });
const endLine = z.object({
  end: z.enum(['live', 'restored', 'unhealthy', 'refused']),
  /** A code of CAUSES; empty for nothing, missing in the journals of older runners. */
  cause: z.string().optional(),
  reason: z.string(),
  /** The step that decided. */
  step: z.string().default(''),
  seconds: z.number().optional(),
  gaps: z.record(z.string(), z.number()).default({}),
  /** What the containers publish, as Docker writes it; empty in the journals of older runners. */
  ports: z.string().default(''),
  /** `1` where the release changed data before it failed; that is not undone. */
  migrated: z.string().default(''),
  /** Of the dump that was made just before; empty for none. */
  dump: z.string().default(''),
});

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
  const end = endLine.safeParse(data);
  if (end.success) {
    const { end: verdict, cause, reason, step, seconds, gaps, ports, migrated, dump } = end.data;
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
  const step = stepLine.safeParse(data);
  if (step.success) return { kind: 'step', step: step.data.step, state: step.data.state, detail: step.data.detail };
  const output = outputLine.safeParse(data);
  return output.success ? { kind: 'output', step: output.data.step, line: output.data.line } : undefined;
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
