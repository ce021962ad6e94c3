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

export const proof = z.object({
  backup: z.string().describe('Volume id of the archive.'),
  backupTime: z.number().describe('Unix time in seconds of the backup.'),
  backupBytes: z.number(),
  at: z.string().describe('ISO 8601, UTC: when the proof ended.'),
  who: z.string(),
  proven: z.boolean(),
  why: z.string().describe('Why it is not proven; empty where it is.'),
  seconds: z.number().describe('All of it.'),
  steps: z
    .object({
      restore: z.number().nullable(),
      boot: z.number().nullable(),
      verdict: z.number().nullable(),
    })
    .describe('Seconds of the parts; null for what was not reached. Together they are what coming back takes.'),
  checks: z.array(check).describe('data.check of zebu.yml.'),
});
export type Proof = ResultOf<typeof proof>;

/** What app:status knows of it. */
export const proofs = z
  .object({
    proven: proof.nullable().describe('The last that was good; null for none.'),
    last: proof.describe('The last of all.'),
  })
  .nullable()
  .describe('Backups that were restored to see whether they come back (vm:backup:prove); null where none was.');
export type Proofs = ResultOf<typeof proofs>;

export const dumpProof = z.object({
  dump: z.string().describe('Id of the dump.'),
  dumpTime: z.string().describe('ISO 8601, UTC: when it was made.'),
  offsite: z.boolean().describe('It was taken from off the VM.'),
  at: proof.shape.at,
  who: proof.shape.who,
  proven: proof.shape.proven,
  why: proof.shape.why,
  seconds: proof.shape.seconds,
  steps: z
    .object({
      fetch: z.number().nullable().describe('From off the VM; null where it was in it.'),
      clone: z.number().nullable(),
      boot: z.number().nullable(),
      restore: z.number().nullable().describe('From the look at the dump to the verdict, as data:restore would take.'),
    })
    .describe('Seconds of the parts; null for what was not reached.'),
  checks: proof.shape.checks,
});
export type DumpProof = ResultOf<typeof dumpProof>;

export const dumpProofs = z
  .object({
    proven: dumpProof.nullable().describe('The last that was good; null for none.'),
    last: dumpProof.describe('The last of all.'),
  })
  .nullable()
  .describe('Dumps that were restored in a copy to see whether they come back (data:prove); null where none was.');
export type DumpProofs = ResultOf<typeof dumpProofs>;

/** Of one line; undefined where it is cut off, or of a newer zebu. */
function parsed<T>(schema: z.ZodType<T>, line: string | undefined): T | undefined {
  try {
    return schema.safeParse(JSON.parse(line ?? '')).data;
  } catch {
    return undefined;
  }
}
const both = <T>(
  schema: z.ZodType<T>,
  proven: string | undefined,
  last: string | undefined,
): { proven: T | null; last: T } | null => {
  const latest = parsed(schema, last);
  return latest === undefined ? null : { proven: parsed(schema, proven) ?? null, last: latest };
};

/** Of the last line that is good, and the last of all. */
export const toProofs = (proven: string | undefined, last: string | undefined): Proofs => both(proof, proven, last);
export const toDumpProofs = (proven: string | undefined, last: string | undefined): DumpProofs =>
  both(dumpProof, proven, last);

/** Whether one that proves something; also of a newer zebu. */
export const isGood = (line: string): boolean => line.includes('"proven":true');
