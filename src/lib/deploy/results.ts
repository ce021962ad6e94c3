/** Published shapes of what deploys and rollbacks return. */
import type { ResultOf } from '@zebu/kit';
import * as z from 'zod';
import { changeStatus } from '../secrets/results.js';

const plannedService = z.object({
  service: z.string(),
  change: z
    .enum(['added', 'maybe-replaced', 'removed', 'replaced', 'unchanged'])
    .describe('maybe-replaced: its image is built from changed files, and only then known to differ.'),
  strategy: z.enum(['recreate', 'rolling']).nullable(),
  reasons: z.array(z.string()),
  forced: z.string().nullable().describe('Why it cannot be rolled although that was asked for.'),
});
export type PlannedService = ResultOf<typeof plannedService>;

const plannedSetting = z.object({
  name: z.string(),
  value: z.string().nullable().describe('Null for one that is removed.'),
  status: z
    .enum(['added', 'changed', 'kept', 'removed', 'unchanged'])
    .describe('kept: there is no .env here, and the live release has it.'),
});
export type PlannedSetting = ResultOf<typeof plannedSetting>;

/** MiB that are there and that the deploy asks for. */
const room = z.object({
  what: z.string(),
  availableMb: z.number(),
  neededMb: z.number(),
  enough: z.boolean(),
  remedy: z.string().nullable(),
});
export type Room = ResultOf<typeof room>;

const changedSecret = z.object({ name: z.string(), status: changeStatus });

const deployPlan = z.object({
  commits: z
    .array(z.object({ commit: z.string(), subject: z.string() }))
    .nullable()
    .describe('What goes live, newest first, at most 50; null when the live commit is not known here.'),
  ahead: z.number().nullable().describe('Commits that go live.'),
  behind: z.number().nullable().describe('Commits that are live and are no part of the target.'),
  services: z.array(plannedService),
  secrets: z.array(changedSecret),
  settings: z.array(plannedSetting).describe('What .env holds beside secrets, and goes with the release.'),
  steps: z.array(z.string()),
  room: z.array(room),
  deploying: z.string().nullable().describe('Who deploys right now.'),
});
export type DeployPlan = ResultOf<typeof deployPlan>;

export const deployResult = z.object({
  release: z.string().describe('Id: UTC time and short commit.'),
  ref: z.string().nullable().describe('What was asked for; null for a rollback.'),
  commit: z.string().nullable().describe('40 hex digits; null for a rollback.'),
  previous: z.string().nullable().describe('The release that was live before; null for the first.'),
  seconds: z.number().describe('Seconds the work in the VM took.'),
  gaps: z.record(z.string(), z.number()).describe('Seconds nobody answered for each service that was replaced.'),
  sentBytes: z.number().describe('Bytes of git objects that were sent.'),
  secrets: z.array(changedSecret).describe('Secrets that got another value by it.'),
  host: z.string().describe('Address of the VM.'),
  probation: z.number().describe('Seconds from now on in which it is gone back from if it fails; 0: none.'),
  url: z
    .string()
    .nullable()
    .describe('Where it answers: app.url, else the best of the ports it publishes; null while that is not known.'),
  verdict: z
    .enum(['live', 'planned', 'running'])
    .describe('running: it was only started, with --detach. planned: nothing was done, with --dry-run.'),
  plan: deployPlan.nullable().describe('With --dry-run what would be done; null otherwise.'),
});
export type DeployResult = ResultOf<typeof deployResult>;
