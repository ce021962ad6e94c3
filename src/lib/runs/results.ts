/** Published shapes of how a run in the VM ended. */
import type { ResultOf } from '@zebu/kit';
import * as z from 'zod';

const verdict = z.enum(['live', 'restored', 'unhealthy', 'refused']);

export const followed = z.object({
  run: z.string().describe('Names the journal: the release, or an id of its own for a rollback.'),
  verdict,
  seconds: z.number(),
});
export type Followed = ResultOf<typeof followed>;

export const recovered = z.object({
  recovered: z.boolean().describe('False when nothing was open.'),
  release: z.string().nullable().describe('The release whose deploy was interrupted.'),
  verdict: verdict
    .nullable()
    .describe('live: it was finished. restored: the previous one serves. refused: it had not touched anything yet.'),
  reason: z.string(),
});
export type Recovered = ResultOf<typeof recovered>;
