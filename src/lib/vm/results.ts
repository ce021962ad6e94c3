/** Published shapes of what the VM's commands return. */
import type { ResultOf } from '@zebu/kit';
import * as z from 'zod';
import { drift } from '../proxmox/drift.js';
import { vmHistory } from '../proxmox/results.js';
import { backupJob } from './backup/results.js';

const steps = z
  .array(
    z.object({
      title: z.string(),
      method: z.string(),
      path: z.string(),
      params: z.record(z.string(), z.unknown()),
    }),
  )
  .describe('What was done, or in a dry run would be.');

export const vmCreated = z.object({
  changed: z.boolean().describe('False when the VM was there, running and as it should be.'),
  dryRun: z.boolean(),
  vmid: z.number(),
  node: z.string(),
  name: z.string(),
  ip: z.string().nullable().describe('Null in a dry run.'),
  user: z.string(),
  hostKeys: z.array(z.string()).describe('Public SSH host keys of the VM.'),
  docker: z.string().nullable().describe('Version of Docker.'),
  compose: z.string().nullable().describe('Version of Compose.'),
  steps,
  guestChanges: z.array(z.string()),
  drift: z.array(drift),
  template: z
    .object({
      vmid: z.number(),
      name: z.string(),
      made: z.boolean().describe('There was none that fits, and it was made first.'),
      linked: z
        .boolean()
        .nullable()
        .describe('The VM holds only what differs from it. Null where that is not known yet.'),
    })
    .nullable()
    .describe('What the VM was cloned from by this run, or in a dry run would be (`vm.template`).'),
});
export type VmCreated = ResultOf<typeof vmCreated>;

export const vmPower = z.object({
  changed: z.boolean(),
  vmid: z.number(),
  node: z.string(),
  name: z.string(),
  status: z.enum(['absent', 'running', 'stopped']),
});
export type VmPower = ResultOf<typeof vmPower>;

export const vmStatus = z.object({
  vmid: z.number(),
  node: z.string(),
  name: z.string(),
  status: z.enum(['running', 'stopped']),
  lock: z.string().nullable().describe('A configuration lock, such as `backup`.'),
  uptime: z.number().describe('Seconds.'),
  cores: z.number(),
  cpu: z.number().nullable().describe('Share of all cores in use, 0 to 1.'),
  memoryBytes: z.object({ used: z.number().nullable(), max: z.number().nullable() }),
  diskBytes: z.number().nullable(),
  ip: z.string().nullable(),
  agent: z.boolean().describe('The guest agent answers.'),
  hostKeyPinned: z.boolean(),
  drift: z.array(drift),
  history: vmHistory.nullable().describe('Statistics of Proxmox; null when it has none, as for a new VM.'),
});
export type VmStatus = ResultOf<typeof vmStatus>;

export const vmDiff = z.object({
  vmid: z.number(),
  node: z.string(),
  name: z.string(),
  drift: z.array(drift).describe('Empty when the VM is exactly what zebu.yml says.'),
  guestChecked: z.boolean().describe('Whether the VM was looked into; it has to run for that.'),
  unavailable: z
    .array(z.object({ key: z.string(), why: z.string() }))
    .describe('What this guest does not have or does not show.'),
  foreignRules: z.array(z.string()).describe('Firewall rules that are not zebu’s, left alone.'),
  foreignBackups: z
    .array(backupJob)
    .describe('Jobs of somebody else that back the VM up, where zebu.yml has `vm.backup`: zebu makes none then.'),
});
export type VmDiff = ResultOf<typeof vmDiff>;

export const vmApplied = z.object({
  changed: z.boolean(),
  dryRun: z.boolean(),
  vmid: z.number(),
  node: z.string(),
  name: z.string(),
  drift: z.array(drift).describe('What differed before.'),
  steps,
  guestChanges: z.array(z.string()),
  restarted: z.boolean(),
  needsRestart: z.array(z.string()).describe('Keys that take effect when the VM starts again.'),
});
export type VmApplied = ResultOf<typeof vmApplied>;

export const guestRun = z.object({
  vmid: z.number(),
  node: z.string(),
  exit: z.number().describe("The command's own exit status; 127: no such program; above 128: ended by a signal."),
  stdout: z.string(),
  stderr: z.string(),
  truncated: z.boolean().describe('The guest agent kept only the beginning of the output.'),
});
export type GuestRun = ResultOf<typeof guestRun>;

export const consoleOutput = z.object({
  vmid: z.number(),
  node: z.string(),
  source: z.enum(['journal']).nullable().describe('Where the lines are from; null when the agent did not answer.'),
  lines: z.array(z.string()),
  followed: z.number().describe('Lines of the serial port that came while following.'),
});
export type ConsoleOutput = ResultOf<typeof consoleOutput>;

const sizeChange = z.object({
  key: z.enum(['vm.cores', 'vm.disk_gb', 'vm.memory_mb']),
  from: z.number(),
  to: z.number(),
  takesEffect: z.enum(['now', 'restart']),
});
export type SizeChange = ResultOf<typeof sizeChange>;

export const resized = z.object({
  changed: z.boolean(),
  vmid: z.number(),
  node: z.string(),
  name: z.string(),
  changes: z.array(sizeChange),
  restartNeeded: z.boolean(),
  zebuYml: z.record(z.string(), z.number()).describe('Keys of zebu.yml and the values that agree with the VM now.'),
});
export type Resized = ResultOf<typeof resized>;

const sums = z.record(z.string(), z.string()).describe('Path in the upstream repository → SHA-256.');

const scriptPin = z.object({ commit: z.string().nullable(), recorded: z.string(), files: sums });
export type ScriptPin = ResultOf<typeof scriptPin>;

export const vmScript = z.object({
  pin: scriptPin,
  pinnedBy: z.string().describe('`zebu itself`, or the file beside zebu.yml.'),
  source: z.string(),
  current: z
    .object({ commit: z.string().nullable(), files: sums })
    .nullable()
    .describe('What the source has now; null when it could not be asked.'),
  unreachable: z.string().nullable().describe('Why the source could not be asked.'),
  changed: z.array(z.string()).describe('Files that are not as pinned.'),
  diff: z.string().nullable().describe('What changed in them; null when nothing did or the pinned version is gone.'),
  differences: z
    .array(z.string())
    .nullable()
    .describe('What the version of the source asks otherwise than zebu answers; null when it could not be asked.'),
  recorded: z.boolean().describe('A new pin was recorded.'),
});
export type ScriptReview = ResultOf<typeof vmScript>;

export const migrated = z.object({
  changed: z.boolean(),
  vmid: z.number(),
  name: z.string(),
  from: z.string(),
  to: z.string(),
  online: z.boolean().describe('The VM went on running.'),
});
export type Migrated = ResultOf<typeof migrated>;
