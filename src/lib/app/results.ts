/** Published shapes of what the commands for the app that runs return. */
import type { ResultOf } from '@zebu/kit';
import * as z from 'zod';
import { releaseRecord } from '../app-folder/history-schema.js';
import { appStatus, machine, serviceState } from '../app-folder/results.js';
import { backupAge } from '../vm/backup/results.js';

export const pruned = z.object({
  removed: z.array(z.string()).describe('Ids of releases.'),
  freedMb: z.number(),
  freeMb: z.number(),
});
export type Pruned = ResultOf<typeof pruned>;

export const startStop = z.object({
  action: z.enum(['restart', 'start', 'stop']),
  healthy: z.boolean(),
  services: z.array(serviceState),
});
export type StartStop = ResultOf<typeof startStop>;

const release = releaseRecord.extend({
  current: z.boolean(),
  kept: z.boolean().describe('Still in the VM: it can be gone back to without a build.'),
});
export type Release = ResultOf<typeof release>;

export const releaseList = z.object({ releases: z.array(release).describe('Newest first.') });
export type ReleaseList = ResultOf<typeof releaseList>;

/** A line of a service's output; `time` is as Docker notes it, and null when it was not asked for. */
const serviceLine = z.object({
  service: z.string(),
  container: z.string().describe('Name without the project: `web-1`.'),
  time: z.string().nullable().describe('RFC 3339, UTC.'),
  line: z.string(),
});
export type LogLine = ResultOf<typeof serviceLine>;

/** A line of what a deploy printed in the VM: build, hooks, start, and the last words of what failed. */
const releaseLine = z.object({ release: z.string(), step: z.string(), line: z.string() });
export type ReleaseLine = ResultOf<typeof releaseLine>;

export const logLine = z
  .union([serviceLine, releaseLine.describe('With --release.')])
  .describe('Not in an envelope: one such object a line, for as long as there are lines.');

/** What a command in a container came to. The output is only kept with --json; else it goes where it belongs meanwhile. */
export const serviceRun = z.object({
  service: z.string(),
  container: z.string(),
  exit: z.number().describe("The command's own exit status."),
  stdout: z.string(),
  stderr: z.string(),
});
export type ServiceRun = ResultOf<typeof serviceRun>;

/** What the app's containers and the VM use at one moment. */
export const topView = z.object({ app: z.string(), services: z.array(serviceState), machine });
export type TopView = ResultOf<typeof topView>;

export const opened = z.object({
  url: z.string(),
  others: z.array(z.string()).describe('Further addresses the app publishes.'),
  browser: z.boolean().describe('A browser was started.'),
});
export type Opened = ResultOf<typeof opened>;

export const destroyed = z.object({
  app: z.string(),
  changed: z.boolean().describe('False when the confirmation was not given.'),
  volumes: z.array(z.string()).describe('Names of the volumes the app had.'),
  dataRemoved: z.boolean().describe('Volumes, secrets and shared folders are gone too.'),
});
export type Destroyed = ResultOf<typeof destroyed>;

export const maintenance = z.object({
  app: z.string(),
  on: z.boolean(),
  changed: z.boolean().describe('False when it was so before.'),
});
export type Maintenance = ResultOf<typeof maintenance>;

export const appStatusWithBackups = appStatus.extend({
  backup: backupAge
    .nullable()
    .describe(
      'How old the newest backup of the VM is; null where zebu.yml has no `vm.backup`, or Proxmox did not say.',
    ),
});
export type AppStatusWithBackups = ResultOf<typeof appStatusWithBackups>;
