/** Published shapes of what is known of images. */
import type { ResultOf } from '@zebu/kit';
import * as z from 'zod';

export const outdatedImage = z.object({
  service: z.string(),
  image: z.string().describe('As the Compose file names it, its variables replaced where they are known.'),
  file: z.string(),
  line: z.number(),
  tag: z.string().nullable().describe('Null for one by digest alone, and where it is not known.'),
  patch: z.string().nullable().describe('The newest tag with the same first two numbers; null for none that is newer.'),
  minor: z.string().nullable().describe('The newest tag with the same first number.'),
  major: z.string().nullable().describe('The newest tag beyond that.'),
  moved: z
    .boolean()
    .nullable()
    .describe(
      'The registry has another image under the tag than what runs, or than the digest in the file; null: not known.',
    ),
  digest: z.string().nullable().describe('What the tag stands for in the registry.'),
  running: z
    .object({
      image: z.string(),
      tag: z.string().nullable(),
      digest: z.string().nullable(),
      since: z.string().describe('ISO 8601, UTC.'),
    })
    .nullable()
    .describe('Null where nothing of it runs, and where the VM was not asked.'),
  problem: z.string().nullable().describe('Why nothing, or not everything, is known.'),
});
export type OutdatedImage = ResultOf<typeof outdatedImage>;

export const outdated = z.object({
  app: z.string(),
  live: z.string().nullable().describe('Why what runs is not known; null where the VM was asked.'),
  outdated: z.number().describe('Images of which there is a newer version, or whose tag has moved.'),
  unknown: z.number().describe('Images of which not everything is known.'),
  images: z.array(outdatedImage),
});
export type Outdated = ResultOf<typeof outdated>;

export const upgraded = z.object({
  app: z.string(),
  changes: z.array(
    z.object({
      service: z.string(),
      file: z.string(),
      line: z.number(),
      from: z.string(),
      to: z.string(),
    }),
  ),
  written: z.boolean(),
  commit: z.string().nullable().describe('40 hex digits; null where nothing was committed.'),
});
export type Upgraded = ResultOf<typeof upgraded>;
