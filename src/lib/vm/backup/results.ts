/** Published shapes of what the vm:backup commands return. */
import type { ResultOf } from '@zebu/kit';
import * as z from 'zod';

const backup = {
  backup: z.string().describe('Volume id of the archive.'),
  vmid: z.number(),
  time: z.number().describe('Unix time in seconds.'),
  bytes: z.number(),
  notes: z.string(),
  protected: z.boolean(),
};
const listed = z.object(backup);
export type Backup = ResultOf<typeof listed>;

export const backupMade = z.object({ changed: z.literal(true), node: z.string(), name: z.string(), ...backup });
export type BackupMade = ResultOf<typeof backupMade>;

export const backupList = z.object({
  vmid: z.number().nullable().describe('Null when there is no VM of the app now.'),
  node: z.string(),
  list: z.array(listed).describe('Newest first.'),
});
export type BackupList = ResultOf<typeof backupList>;

export const restored = z.object({
  changed: z.boolean(),
  vmid: z.number(),
  node: z.string(),
  name: z.string(),
  backup: z.string(),
  time: z.number().describe('Unix time in seconds of the backup.'),
  asNew: z.boolean().describe("Beside the app's VM, which was not touched."),
  status: z.enum(['running', 'stopped']),
});
export type Restored = ResultOf<typeof restored>;
