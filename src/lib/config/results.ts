/** Published shapes of what the configuration's commands return. */
import type { ResultOf } from '@zebu/kit';
import * as z from 'zod';

export const shownConfig = z.object({
  file: z.string(),
  environment: z.string().nullable().describe('Name of the overlay; null without one.'),
  values: z
    .array(
      z.object({
        key: z.string(),
        value: z.unknown().describe('Null where nothing is set and there is no default.'),
        origin: z.string().describe('A file and line, a variable, a flag, or `default`.'),
      }),
    )
    .describe('In the order of the reference.'),
});
export type ShownConfig = ResultOf<typeof shownConfig>;

export const jsonSchema = z.record(z.string(), z.unknown());
