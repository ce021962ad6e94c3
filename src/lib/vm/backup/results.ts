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
  storage: z.string(),
  place: z
    .enum(['backup-server', 'network', 'node'])
    .describe('Where that storage lies. What is on the node itself is lost with it.'),
};
const listed = z.object(backup);
export type Backup = ResultOf<typeof listed>;

export const backupJob = z.object({
  id: z.string(),
  ours: z.boolean().describe('Made by zebu for this app; else a job of somebody else that backs the VM up, too.'),
  enabled: z.boolean(),
  schedule: z.string().describe('As Proxmox writes it, in the time zone of the host.'),
  storage: z.string().nullable(),
  next: z.number().nullable().describe('Unix time in seconds when it is due; null where Proxmox does not say.'),
});
export type BackupJobState = ResultOf<typeof backupJob>;

/** How old the newest backup is, where `vm.backup` asks for some. */
export const backupAge = z.object({
  jobs: z.array(backupJob).describe('What backs the VM up by schedule; empty: nothing does.'),
  newest: listed.nullable(),
  seconds: z.number().nullable().describe('Age of the newest.'),
  maxSeconds: z.number().describe('vm.backup.max_age, or twice the longest pause of the schedule.'),
  tooOld: z.boolean().describe('There is none, or it is older than that.'),
});
export type BackupAge = ResultOf<typeof backupAge>;

export const backupMade = z.object({ changed: z.literal(true), node: z.string(), name: z.string(), ...backup });
export type BackupMade = ResultOf<typeof backupMade>;

export const backupList = z.object({
  vmid: z.number().nullable().describe('Null when there is no VM of the app now.'),
  node: z.string(),
  list: z.array(listed).describe('Newest first.'),
  jobs: z
    .array(backupJob)
    .nullable()
    .describe('What backs the VM up by schedule; null where the login may not see it, or there is no VM.'),
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
