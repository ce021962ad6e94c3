/** Published shapes of what the secrets' commands return. No shape but one holds a value. */
import type { ResultOf } from '@zebu/kit';
import * as z from 'zod';

const isoTime = z.string().describe('ISO 8601.');

/**
 * `kept`: it has a value there, and no source has one. `stale`: it has a value there, and is no longer declared.
 * `outdated`: the source has a value from before a change that was made in the VM. `missing`: nothing has a value. `generated`: nothing had one, so one is made.
 */
export const changeStatus = z.enum([
  'added',
  'changed',
  'generated',
  'kept',
  'missing',
  'outdated',
  'removed',
  'stale',
  'unchanged',
]);

const secretChange = z.object({
  name: z.string(),
  status: changeStatus.describe(
    'kept: it has a value there and no source has one; stale: no longer declared; outdated: the source has a value from before it was changed in the VM.',
  ),
  before: z.string().nullable().describe('Keyed digest; null where there is no value, or none that can be known.'),
  after: z.string().nullable().describe('Keyed digest.'),
  origin: z.string().nullable().describe('Where the value comes from.'),
});
export type SecretChange = ResultOf<typeof secretChange>;

export const syncResult = z.object({
  from: z.string().describe('In words.'),
  to: z.string().describe('In words.'),
  dryRun: z.boolean(),
  changes: z.array(secretChange),
  version: z.number().nullable().describe('Version in the VM; null for another target.'),
  applied: z.boolean().describe('The live release has it already.'),
});
export type SyncResult = ResultOf<typeof syncResult>;

const updatedSource = z.object({
  where: z.string().describe('In words.'),
  names: z.array(z.string()),
  written: z.boolean().describe('It has the new values; false: a deploy with the older ones is refused.'),
});
export type UpdatedSource = ResultOf<typeof updatedSource>;

export const changedSecrets = z.object({
  names: z.array(z.string()),
  version: z.number().describe('Version they are in.'),
  applied: z.boolean().describe('The live release has them; false: the next deploy will.'),
  services: z.array(z.string()).describe('Services that were recreated.'),
  sources: z.array(updatedSource).describe('Sources that had the values before.'),
});
export type ChangedSecrets = ResultOf<typeof changedSecrets>;

const listedSecretState = z.object({
  name: z.string(),
  declared: z.boolean(),
  required: z.boolean(),
  state: z
    .enum(['live', 'next', 'none'])
    .describe('live: the live release has this very value; next: the next deploy will; none: no value in the VM.'),
  digest: z.string().nullable().describe('Keyed digest of the value in the VM.'),
  since: isoTime.nullable(),
  source: z.string().nullable().describe('The source on this machine that has it.'),
  masked: z
    .enum(['anywhere', 'never', 'word'])
    .nullable()
    .describe(
      'Where the value is taken out of what is written: anywhere; word: only as a whole word, as it is short or common; never: it is too short. Null when this machine does not have it.',
    ),
  usedBy: z.array(z.string()).nullable().describe('Services of the live release; null when that cannot be told.'),
  releases: z.array(z.string()).describe('Releases in the VM that have this very value.'),
});
export type ListedSecretState = ResultOf<typeof listedSecretState>;

const secretsList = z.object({
  version: z.number().describe('Newest version in the VM; 0 for none.'),
  release: z.string().nullable().describe('Live release.'),
  secrets: z.array(listedSecretState),
});
export type SecretsList = ResultOf<typeof secretsList>;

const placeList = z.object({
  place: z.string().describe('In words.'),
  readable: z.boolean().describe('False: names and dates are all it gives.'),
  names: z.array(z.object({ name: z.string(), updatedAt: isoTime.nullable(), declared: z.boolean() })),
});
export type PlaceList = ResultOf<typeof placeList>;

export const secretsListing = z.union([secretsList, placeList]);

const secretVersionSummary = z.object({
  version: z.number(),
  at: isoTime,
  who: z.string(),
  from: z.string(),
  why: z.string().describe('deploy, sync, set, generate, rotate or rollback.'),
  added: z.array(z.string()),
  changed: z.array(z.string()),
  removed: z.array(z.string()),
  kept: z.boolean().describe('Its values are still in the VM.'),
  releases: z.array(z.string()),
  live: z.boolean().describe('The live release has it.'),
});
export type SecretVersionSummary = ResultOf<typeof secretVersionSummary>;

export const secretHistory = z.object({
  versions: z.array(secretVersionSummary).describe('Newest first.'),
});
export type SecretHistory = ResultOf<typeof secretHistory>;

export const revealedSecret = z.object({ name: z.string(), value: z.string().describe('The value itself.') });
export type RevealedSecret = ResultOf<typeof revealedSecret>;
