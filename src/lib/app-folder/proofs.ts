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

/** Of one line; undefined where it is cut off, or of a newer zebu. */
export function parseProof(line: string | undefined): Proof | undefined {
  try {
    return proof.safeParse(JSON.parse(line ?? '')).data;
  } catch {
    return undefined;
  }
}

/** What app:status knows of it. */
export const proofs = z
  .object({
    proven: proof.nullable().describe('The last that was good; null for none.'),
    last: proof.describe('The last of all.'),
  })
  .nullable()
  .describe('Backups that were restored to see whether they come back (vm:backup:prove); null where none was.');
export type Proofs = ResultOf<typeof proofs>;

export function toProofs(proven: string | undefined, last: string | undefined): Proofs {
  const latest = parseProof(last);
  return latest === undefined ? null : { proven: parseProof(proven) ?? null, last: latest };
}
