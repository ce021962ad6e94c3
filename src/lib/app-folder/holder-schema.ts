import * as z from 'zod';

export const holderNote = z.object({
  who: z.string(),
  from: z.string(),
  /** ISO 8601. */
  since: z.string(),
  ref: z.string(),
  /** The release that is to be live. */
  id: z.string(),
  /** Names the journal. */
  run: z.string().optional(),
  commit: z.string().optional(),
});
