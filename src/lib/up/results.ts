/** Published shape of what `up` returns. */
import type { ResultOf } from '@zebu/kit';
import * as z from 'zod';

export const upResult = z.object({
  changed: z.boolean().describe('False when the VM was there and the release was live already.'),
  dryRun: z.boolean(),
  vm: z.object({
    vmid: z.number(),
    node: z.string(),
    name: z.string(),
    ip: z.string().nullable().describe('Null in a dry run.'),
    steps: z.array(z.string()).describe('What was done to make it, or in a dry run would be; empty for one that runs.'),
  }),
  ref: z.string().describe('The tag, branch or commit: the one that was asked for, else what was chosen.'),
  commit: z.string().describe('40 hex digits.'),
  release: z.string().nullable().describe('Id of the live release; null in a dry run of a first deploy.'),
  deployed: z.boolean().describe('False when that release was live already, and in a dry run.'),
  url: z.string().nullable().describe('Where the app answers; null in a dry run and when no port is published.'),
});
export type UpResult = ResultOf<typeof upResult>;
