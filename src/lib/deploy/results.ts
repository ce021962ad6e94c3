/** Published shapes of what the app's commands return. */
import * as z from 'zod';
import { releaseRecord } from './history.js';

export const deployResult = z.object({
  release: z.string().describe('Id: UTC time and short commit.'),
  ref: z.string().nullable().describe('What was asked for; null for a rollback.'),
  commit: z.string().nullable().describe('40 hex digits; null for a rollback.'),
  previous: z.string().nullable().describe('The release that was live before; null for the first.'),
  seconds: z.number().describe('Seconds the work in the VM took.'),
  sentBytes: z.number().describe('Bytes of git objects that were sent.'),
  host: z.string().describe('Address of the VM.'),
});

export const serviceState = z
  .object({
    service: z.string(),
    container: z.string(),
    state: z.string().describe("Docker's word: running, exited, restarting, created, paused, dead."),
    health: z.enum(['healthy', 'none', 'starting', 'unhealthy']),
    lasting: z.boolean().describe('Meant to stay up, as opposed to a one-shot.'),
    exitCode: z.number(),
    restarts: z.number(),
    outOfMemory: z.boolean(),
    startedAt: z.string().describe('ISO 8601, UTC.'),
    image: z.string(),
    ports: z.array(z.string()).describe('As `0.0.0.0:8080->8080/tcp`.'),
    verdict: z.enum(['bad', 'good', 'waiting']),
  })
  .describe('One container of the app.');

export const appStatus = z.object({
  app: z.string(),
  healthy: z.boolean().describe('Every service is as it should be.'),
  release: z.string().nullable().describe('Id of the live release; null when nothing was deployed.'),
  last: releaseRecord.nullable().describe('How the last deploy ended.'),
  deploying: z.record(z.string(), z.unknown()).nullable().describe('Who deploys right now; null when nobody does.'),
  host: z.string().describe('Address of the VM.'),
  url: z.string().nullable().describe('app.url.'),
  services: z.array(serviceState),
});

export const operated = z.object({
  action: z.enum(['restart', 'start', 'stop']),
  healthy: z.boolean(),
  services: z.array(serviceState),
});

export const releaseList = z.object({
  releases: z
    .array(
      releaseRecord.extend({
        current: z.boolean(),
        kept: z.boolean().describe('Still in the VM: it can be gone back to without a build.'),
      }),
    )
    .describe('Newest first.'),
});

export const logs = z.object({
  lines: z.array(z.object({ service: z.string(), line: z.string() })),
});
