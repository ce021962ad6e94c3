/** Published shapes of what the commands about data return. */
import type { ResultOf } from '@zebu/kit';
import * as z from 'zod';
import { dumpProof } from '../app-folder/proof-schemas.js';

const kind = z.string().describe('postgres, mariadb, mysql, mongo, redis, sqlite, volume, or command.');

export const store = z.object({
  name: z.string(),
  kind,
  service: z.string().nullable().describe('In whose container it is; null for a volume by its own name.'),
  path: z.string().nullable().describe('Of a file or a folder; null for the others.'),
  how: z.string().describe('For people: how it is dumped.'),
  running: z.boolean().describe('Whether it can be dumped now.'),
});
export type Store = ResultOf<typeof store>;

export const dump = z.object({
  id: z.string(),
  at: z.string().describe('ISO 8601, UTC, by the clock of the VM.'),
  why: z.enum(['manual', 'schedule', 'deploy', 'restore']).or(z.string()).describe('What it was made for.'),
  who: z.string(),
  from: z.string(),
  release: z.string().describe('That was live.'),
  ref: z.string(),
  commit: z.string(),
  seconds: z.number(),
  bytes: z.number().describe('Compressed.'),
  stores: z.array(z.object({ name: z.string(), kind, bytes: z.number(), sha256: z.string() })),
  offsite: z.boolean().nullable().describe('Whether there is a copy off the VM; null where that was not asked.'),
});
export type Dump = ResultOf<typeof dump>;

export const offsiteDump = z.object({ id: z.string(), at: z.string(), snapshot: z.string().describe("restic's id.") });
export type OffsiteDump = ResultOf<typeof offsiteDump>;

export const dataList = z.object({
  app: z.string(),
  stores: z.array(store),
  dumps: z.array(dump).describe('In the VM, newest first.'),
  offsite: z
    .object({
      dumps: z.array(offsiteDump).describe('Newest first.'),
      problem: z.string().nullable().describe('Why it could not be asked.'),
    })
    .nullable()
    .describe('Off the VM; null where `data.offsite` is not set.'),
  failed: z
    .object({ at: z.string(), cause: z.string(), reason: z.string() })
    .nullable()
    .describe('The last attempt, where it failed.'),
  ageSeconds: z.number().nullable().describe('Of the newest dump; null where there is none.'),
  tooOld: z.boolean().describe('Older than `data.max_age`, or none where that is set.'),
});
export type DataList = ResultOf<typeof dataList>;

export const dumped = z.object({
  app: z.string(),
  dump: dump.nullable().describe('Null with --dry-run, and where there is nothing to dump.'),
  stores: z.array(store),
  offsite: z.boolean().nullable().describe('Copied off the VM; null where `data.offsite` is not set.'),
});
export type Dumped = ResultOf<typeof dumped>;

export const dataRestored = z.object({
  app: z.string(),
  dump: z.string(),
  fetched: z.boolean().describe('It comes from off the VM.'),
  stores: z
    .array(z.string())
    .describe('Whose data is that of the dump; empty with --dry-run for what is not in the VM yet.'),
  release: z.string().describe('That is live.'),
  seconds: z.number(),
  verdict: z.enum(['live', 'planned']),
});
export type DataRestored = ResultOf<typeof dataRestored>;

export const dumpProven = z.object({
  ...dumpProof.shape,
  vmid: z.number().describe('Id that the copy had.'),
  node: z.string(),
  recorded: z.boolean().describe('Whether it was noted in the VM of the app, for app:status and doctor.'),
});
export type DumpProven = ResultOf<typeof dumpProven>;
