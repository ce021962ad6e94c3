/** Published shapes of what a rebuild says. */
import type { ResultOf } from '@zebu/kit';
import * as z from 'zod';

const machine = z.object({ vmid: z.number(), node: z.string() });

export const rebuilt = z.object({
  action: z
    .enum(['rebuild', 'back', 'forget'])
    .describe('rebuild: a new VM in the place of the old one; back: the one before again; forget: that one is gone.'),
  verdict: z
    .enum(['planned', 'live', 'nothing'])
    .describe('planned: with --dry-run; live: the app serves from `to`; nothing: there was nothing to do.'),
  from: machine.nullable().describe('The VM that was the one of the app; null where it is gone.'),
  to: machine.nullable().describe('The one that is; null where it is not made yet.'),
  resumed: z.boolean().describe('A rebuild that was interrupted while it handed over was carried to its end.'),
  release: z.string().nullable().describe('The release that is live.'),
  address: z
    .object({ before: z.string().nullable(), now: z.string().nullable() })
    .describe('The VM has the address that the one before had, unless --any-address lets it have another.'),
  gap: z
    .number()
    .nullable()
    .describe(
      'Seconds from the stop of the app in the old VM to the verdict in the new one; null where it did not run.',
    ),
  seconds: z.number().describe('All of it.'),
  copied: z
    .array(z.object({ what: z.string(), bytes: z.number() }))
    .describe('What is brought over, and how much that is: the folder of the app, volumes, folders, images.'),
  differenceBytes: z.number().nullable().describe('Sent while the app was stopped.'),
  steps: z.array(z.string()).describe('What is done, in order.'),
  kept: machine.nullable().describe('The VM that is kept, stopped: for --back, until --forget.'),
});
export type Rebuilt = ResultOf<typeof rebuilt>;
