/** Published shapes of what a rehearsal says. */
import type { ResultOf } from '@zebu/kit';
import * as z from 'zod';

const bytes = z.object({ before: z.number(), after: z.number() });

export const rehearsal = z.object({
  release: z.string().describe('Id of the release in the VM: prepared, and not live.'),
  ref: z.string(),
  commit: z.string(),
  source: z
    .enum(['clone', 'backup'])
    .describe('What the copy was made of. clone: the running VM; backup: a backup made for it, and removed.'),
  verdict: z
    .enum(['live', 'restored', 'unhealthy', 'refused'])
    .describe('How a deploy of it would have ended: see app:deploy.'),
  why: z.string().describe('Why it would not have gone live; empty where it would.'),
  evidence: z.array(z.string()).describe('The last lines of what failed.'),
  seconds: z.number().describe('Of the transaction from its check to its end, without sending and building.'),
  steps: z.array(z.object({ step: z.string(), seconds: z.number() })).describe('In their order.'),
  gaps: z.record(z.string(), z.number()).describe('Seconds nobody would answer for each service that is replaced.'),
  memory: z
    .object({ total: z.number(), leastAvailable: z.number().nullable() })
    .describe('Bytes of the copy, swap included.'),
  disk: bytes.describe('Bytes in use on the disk Docker keeps its data on.'),
  data: bytes.describe('Bytes in volumes and in what outlives releases.'),
  copySeconds: z.number().nullable().describe('Making the copy; of a backup, that as well.'),
  vmid: z.number().describe('Id of the copy.'),
  node: z.string(),
  kept: z.boolean().describe('With --keep the copy is there still.'),
});
export type Rehearsal = ResultOf<typeof rehearsal>;

export const rehearsalCleaned = z.object({
  changed: z.boolean(),
  removed: z.array(z.number()).describe('Ids of copies that were removed.'),
  backups: z.array(z.string()).describe('Volume ids of backups for a rehearsal that were removed.'),
});
export type RehearsalCleaned = ResultOf<typeof rehearsalCleaned>;

export const rehearsed = z.union([rehearsal, rehearsalCleaned]).describe('The latter with --clean.');
