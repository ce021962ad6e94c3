import type { ResultOf } from '@zebu/kit';
import * as z from 'zod';

/** One thing that zebu.yml wants otherwise than it is. */
export const drift = z
  .object({
    key: z.string().describe('Key of the configuration; `guest.…` for what zebu keeps in every VM.'),
    wanted: z.string(),
    found: z.string(),
    change: z.enum(['never', 'now', 'restart']).describe('Whether vm:apply can change it, and when it takes effect.'),
    why: z.string().optional().describe('For `never`, the reason and what to do instead.'),
  })
  .describe('Where the VM is not as zebu.yml wants it.');
export type Drift = ResultOf<typeof drift>;
