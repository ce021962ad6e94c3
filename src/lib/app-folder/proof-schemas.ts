import type { ResultOf } from '@zebu/kit';
import * as z from 'zod';

/** What was found out of backups by restoring them, kept in the app's folder in the VM, so that every client sees it. */

const check = z.object({
  name: z.string(),
  copy: z.string().describe('What the data of the backup says.'),
  production: z
    .string()
    .nullable()
    .describe('What that of the VM of the app said then; null where it could not be asked.'),
  why: z.string().describe('Why this is not as it should be; empty where it is.'),
});
export type ProofCheck = ResultOf<typeof check>;

/** What every proof ends with. */
const ended = {
  at: z.string().describe('ISO 8601, UTC: when the proof ended.'),
  who: z.string(),
  proven: z.boolean(),
  why: z.string().describe('Why it is not proven; empty where it is.'),
  seconds: z.number().describe('All of it.'),
};
const checks = z.array(check).describe('data.check of zebu.yml.');
const step = z.number().nullable();

export const proof = z.object({
  backup: z.string().describe('Volume id of the archive.'),
  backupTime: z.number().describe('Unix time in seconds of the backup.'),
  backupBytes: z.number(),
  ...ended,
  steps: z
    .object({ restore: step, boot: step, verdict: step })
    .describe('Seconds of the parts; null for what was not reached. Together they are what coming back takes.'),
  checks,
});
export type Proof = ResultOf<typeof proof>;

export const dumpProof = z.object({
  dump: z.string().describe('Id of the dump.'),
  dumpTime: z.string().describe('ISO 8601, UTC: when it was made.'),
  offsite: z.boolean().describe('It was taken from off the VM.'),
  ...ended,
  steps: z
    .object({
      fetch: step.describe('From off the VM; null where it was in it.'),
      clone: step,
      boot: step,
      restore: step.describe('From the look at the dump to the verdict, as data:restore would take.'),
    })
    .describe('Seconds of the parts; null for what was not reached.'),
  checks,
});
export type DumpProof = ResultOf<typeof dumpProof>;

/** What app:status knows of them. */
const known = <T extends z.ZodType>(each: T) =>
  z
    .object({
      proven: each.nullable().describe('The last that was good; null for none.'),
      last: each.describe('The last of all.'),
    })
    .nullable();

export const proofs = known(proof).describe(
  'Backups that were restored to see whether they come back (vm:backup:prove); null where none was.',
);
export type Proofs = ResultOf<typeof proofs>;

export const dumpProofs = known(dumpProof).describe(
  'Dumps that were restored in a copy to see whether they come back (data:prove); null where none was.',
);
export type DumpProofs = ResultOf<typeof dumpProofs>;
