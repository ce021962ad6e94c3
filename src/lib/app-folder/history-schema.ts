import * as z from 'zod';

/** A line of the history. */
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
