import * as z from 'zod';
import { causeOfWords } from './older-words.js';

export const releaseRecord = z.object({
  id: z.string(),
  ref: z.string(),
  kind: z.string(),
  commit: z.string(),
  subject: z.string().default(''),
  who: z.string(),
  from: z.string(),
  by: z.string().default('').describe('`pull` for what the VM deployed by itself; empty for what a client did.'),
  mode: z.string().default('deploy'),
  /** Names the journal: `app:follow <run>`. */
  run: z.string().optional(),
  /** The step that decided. */
  step: z.string().default(''),
  /** Unix time in seconds. */
  started: z.number(),
  seconds: z.number(),
  verdict: z.enum(['live', 'restored', 'unhealthy', 'refused']),
  cause: z.string().default('').describe('Why, as a code; empty where there is nothing to say. See docs/deploy.md.'),
  reason: z.string().default('').describe('The same in words.'),
  /** Service → seconds nobody answered for it, of those that were replaced. */
  gaps: z.record(z.string(), z.number()).default({}),
});

export type ReleaseRecord = z.infer<typeof releaseRecord>;

/** The history file, oldest first; a line that was cut off by a crash is left out. */
export function parseHistory(text: string): readonly ReleaseRecord[] {
  return text.split('\n').flatMap((line) => {
    try {
      const parsed = releaseRecord.safeParse(JSON.parse(line));
      if (!parsed.success) return [];
      const record = parsed.data;
      return [{ ...record, cause: record.cause === '' ? (causeOfWords(record) ?? '') : record.cause }];
    } catch {
      return [];
    }
  });
}
