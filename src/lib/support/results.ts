/** Published shape of what `support` returns. */
import type { ResultOf } from '@zebu/kit';
import * as z from 'zod';

export const supportBundle = z.object({
  path: z.string().nullable().describe('The file; null with `--output -`.'),
  text: z.string().nullable().describe('With `--output -` the bundle itself; null otherwise.'),
  bytes: z.number(),
  sections: z.array(
    z.object({
      id: z.string().describe('versions, plugins, sources, configuration, doctor, vm, app, releases, journal, docker'),
      included: z.boolean().describe('At least a part of it.'),
      reason: z.string().nullable().describe('Why it is not there, or not complete.'),
    }),
  ),
});
export type SupportBundle = ResultOf<typeof supportBundle>;
