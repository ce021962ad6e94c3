import * as z from 'zod';
import { age } from './scalars.js';

/** Proxmox reads it; what can be no schedule at all is refused here. */
const calendar = z
  .string()
  .max(128)
  .regex(/^[A-Za-z0-9*][A-Za-z0-9*,.:/~ -]*$/, 'a time such as `02:30`, or as `sun 01:00`, `mon..fri 22:00`');

const count = z.int().min(1).max(10_000).optional();

const KEPT = ['last', 'hourly', 'daily', 'weekly', 'monthly', 'yearly'] as const;

/** What is kept where nothing is said of it. */
const KEPT_UNASKED = { daily: 7, weekly: 4 };

const keep = z.strictObject({
  last: count.describe('The newest ones.'),
  hourly: count.describe('The last of each hour, so many hours.'),
  daily: count.describe('The last of each day, so many days.'),
  weekly: count.describe('The last of each week, so many weeks.'),
  monthly: count.describe('The last of each month, so many months.'),
  yearly: count.describe('The last of each year, so many years.'),
});

/** `vm.backup`: backups that Proxmox makes of the VM by itself. */
export const backupSection = z.strictObject({
  enabled: z.boolean().default(true).describe('`false`: the job that zebu made is taken away again.'),
  schedule: calendar
    .default('02:30')
    .describe(
      'When, as Proxmox writes it and in the time zone of the host: `02:30`, `sun 01:00`, `mon..fri 22:00`, `*-*-01 03:00`.',
    ),
  storage: z
    .string()
    .optional()
    .describe(
      'Storage for them. Default: one that takes backups, rather a backup server or the network than the host.',
    ),
  keep: keep.prefault({}).describe('How many are kept. Default: 7 daily, 4 weekly.'),
  mode: z
    .enum(['snapshot', 'suspend', 'stop'])
    .default('snapshot')
    .describe('`snapshot`: the VM runs on; `suspend`, `stop`: it stands still, or is shut down meanwhile.'),
  notify: z
    .array(z.email())
    .default([])
    .describe('Addresses that Proxmox writes to when one fails. Default: what its notification targets say.'),
  max_age: age
    .optional()
    .describe(
      'How old the newest may be, as 48h or 8d, before it is called too old. Default: twice the longest pause of the schedule.',
    ),
});

export type BackupSection = z.infer<typeof backupSection>;

/** `keep` as Proxmox writes it: `keep-daily=7,keep-weekly=4`. */
export function pruneRule(kept: BackupSection['keep']): string {
  const named = KEPT.flatMap((name) => (kept[name] === undefined ? [] : [`keep-${name}=${kept[name]}`]));
  if (named.length > 0) return named.join(',');
  return Object.entries(KEPT_UNASKED)
    .map(([name, most]) => `keep-${name}=${most}`)
    .join(',');
}
