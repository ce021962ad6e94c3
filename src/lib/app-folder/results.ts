/** Published shapes of what is found of an app in the VM. */
import type { ResultOf } from '@zebu/kit';
import * as z from 'zod';
import { releaseRecord } from './history-schema.js';
import { holderNote } from './holder-schema.js';
import { dumpProofs, proofs } from './proof-schemas.js';

const usage = z.object({
  cpu: z.number().describe('Percent of one core.'),
  /** Without the page cache that can be given back. */
  memory: z.number().describe('Bytes.'),
});
export type Usage = ResultOf<typeof usage>;

export const machine = z
  .object({
    cores: z.number(),
    load: z.number().describe('Average over one minute.'),
    memory: z.object({ total: z.number(), available: z.number() }).describe('Bytes.'),
    /** The file system Docker keeps its images and volumes on. */
    disk: z.object({ total: z.number(), used: z.number(), available: z.number() }).describe('Bytes.'),
  })
  .nullable()
  .describe('The VM.');
export type Machine = NonNullable<ResultOf<typeof machine>>;

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
    imageId: z.string().describe('Digest of the image, as Docker names it.'),
    configHash: z.string().describe("Compose's digest of the service's configuration."),
    usage: usage.nullable().describe('Null for one that does not run, and where it was not measured.'),
    ports: z.array(z.string()).describe('As `0.0.0.0:8080->8080/tcp`.'),
    verdict: z
      .enum(['bad', 'good', 'stopped', 'waiting'])
      .describe('Whether it is as it should be; stopped: on purpose, with app:stop.'),
  })
  .describe('One container of the app.');
export type ServiceState = ResultOf<typeof serviceState>;

/** A run that was killed, or lost power, and has not been undone or finished yet. */
const interrupted = z.object({
  release: z.string(),
  run: z.string().describe('Names the journal.'),
  phase: z
    .string()
    .describe('prepare: nothing that runs was touched. switch, restore: services may be of either. live: verified.'),
  previous: z.string().nullable().describe('What recovering goes back to.'),
});
export type Interrupted = ResultOf<typeof interrupted>;

const liveRelease = z.object({
  ref: z.string(),
  commit: z.string(),
  subject: z.string(),
  since: z.string().describe('ISO 8601, UTC: when it went live.'),
  by: z.string(),
});
export type LiveRelease = ResultOf<typeof liveRelease>;

const probation = z.object({
  release: z.string(),
  secondsLeft: z.number(),
  previous: z.string().describe('What is gone back to if it fails.'),
});
export type Probation = ResultOf<typeof probation>;
const troubled = (span: string) =>
  z
    .object({ times: z.number(), seconds: z.number().describe('In all.') })
    .describe(`How often it was not well within ${span}, what is so now included.`);

/** What the VM has seen while nobody looked: `watch` of zebu.yml. */
const watched = z.object({
  health: z.enum(['down', 'restarting', 'unhealthy', 'well']).describe('As of the last look, once it lasted for two.'),
  since: z.string().describe('ISO 8601, UTC: since when it is so.'),
  looked: z.string().describe('ISO 8601, UTC: the last look. None is taken while a deploy is under way.'),
  watchedSince: z.string().describe('ISO 8601, UTC: the first look.'),
  lastDay: troubled('a day'),
  lastWeek: troubled('a week'),
  troubles: z
    .array(
      z.object({
        kind: z.string().describe('down, unhealthy, restarting, drifted, disk, certificate, proof, reboot.'),
        since: z.string().describe('ISO 8601, UTC.'),
        reason: z.string(),
      }),
    )
    .describe('What is wrong now, and was told.'),
  healed: z.number().describe('Restarts by `watch.heal` within a day.'),
});
export type Watched = ResultOf<typeof watched>;

const dataStatus = z.object({
  newest: z
    .object({ id: z.string(), at: z.string().describe('ISO 8601, UTC.'), bytes: z.number() })
    .nullable()
    .describe('The newest dump in the VM; null for none.'),
  ageSeconds: z.number().nullable(),
  tooOld: z.boolean().describe('Older than `data.max_age`, or none where that is set.'),
  failed: z
    .object({ at: z.string(), cause: z.string(), reason: z.string() })
    .nullable()
    .describe('The last attempt at a dump, or at a copy off the VM, where it failed.'),
});
export type DataStatus = ResultOf<typeof dataStatus>;

export const appStatus = z.object({
  app: z.string(),
  healthy: z.boolean().describe('Every service is as it should be, or was stopped on purpose.'),
  release: z.string().nullable().describe('Id of the live release; null when nothing was deployed.'),
  live: liveRelease.nullable().describe('What is known of the live release.'),
  probation: probation.nullable().describe('While the live release is on probation; null otherwise.'),
  broken: z.string().nullable().describe('What is wrong with the link to the live release.'),
  last: releaseRecord.nullable().describe('How the last deploy ended.'),
  deploying: holderNote.nullable().describe('Who deploys right now; null when nobody does.'),
  interrupted: interrupted.nullable().describe('A run that was killed and has not been undone or finished yet.'),
  host: z.string().describe('Address of the VM.'),
  url: z.string().nullable().describe('app.url, else the best of the ports it publishes.'),
  services: z.array(serviceState),
  drift: z
    .array(z.string())
    .nullable()
    .describe('In what the containers differ from the live release; null when it was not noted.'),
  machine,
  proofs,
  dumpProofs,
  watch: watched.nullable().describe('What `watch` has seen; null where the VM does not watch, or has not looked yet.'),
  data: dataStatus
    .nullable()
    .describe('Dumps of the data; null where there never was one and `data.max_age` is not set.'),
});
export type AppStatus = ResultOf<typeof appStatus>;
