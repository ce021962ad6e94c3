/** Published shapes of what the app's commands return. */
import * as z from 'zod';
import { releaseRecord } from '../app-folder/history.js';
import { holderNote } from '../app-folder/lock.js';

const deployPlan = z.object({
  commits: z
    .array(z.object({ commit: z.string(), subject: z.string() }))
    .nullable()
    .describe('What goes live, newest first, at most 50; null when the live commit is not known here.'),
  ahead: z.number().nullable().describe('Commits that go live.'),
  behind: z.number().nullable().describe('Commits that are live and are no part of the target.'),
  services: z.array(
    z.object({
      service: z.string(),
      change: z
        .enum(['added', 'maybe-replaced', 'removed', 'replaced', 'unchanged'])
        .describe('maybe-replaced: its image is built from changed files, and only then known to differ.'),
      strategy: z.enum(['recreate', 'rolling']).nullable(),
      reasons: z.array(z.string()),
      forced: z.string().nullable().describe('Why it cannot be rolled although that was asked for.'),
    }),
  ),
  secrets: z.array(
    z.object({
      name: z.string(),
      status: z.enum(['added', 'changed', 'generated', 'kept', 'missing', 'removed', 'stale', 'unchanged']),
    }),
  ),
  settings: z
    .array(
      z.object({
        name: z.string(),
        value: z.string().nullable().describe('Null for one that is removed.'),
        status: z
          .enum(['added', 'changed', 'kept', 'removed', 'unchanged'])
          .describe('kept: there is no .env here, and the live release has it.'),
      }),
    )
    .describe('What .env holds beside secrets, and goes with the release.'),
  steps: z.array(z.string()),
  room: z.array(
    z.object({
      what: z.string(),
      availableMb: z.number(),
      neededMb: z.number(),
      enough: z.boolean(),
      remedy: z.string().nullable(),
    }),
  ),
  deploying: z.string().nullable().describe('Who deploys right now.'),
});

export const deployResult = z.object({
  release: z.string().describe('Id: UTC time and short commit.'),
  ref: z.string().nullable().describe('What was asked for; null for a rollback.'),
  commit: z.string().nullable().describe('40 hex digits; null for a rollback.'),
  previous: z.string().nullable().describe('The release that was live before; null for the first.'),
  seconds: z.number().describe('Seconds the work in the VM took.'),
  gaps: z.record(z.string(), z.number()).describe('Seconds nobody answered for each service that was replaced.'),
  sentBytes: z.number().describe('Bytes of git objects that were sent.'),
  host: z.string().describe('Address of the VM.'),
  verdict: z
    .enum(['live', 'planned', 'running'])
    .describe('running: it was only started, with --detach. planned: nothing was done, with --dry-run.'),
  plan: deployPlan.nullable().describe('With --dry-run what would be done; null otherwise.'),
});

const verdict = z.enum(['live', 'restored', 'unhealthy', 'refused']);

export const followed = z.object({
  run: z.string().describe('Names the journal: the release, or an id of its own for a rollback.'),
  verdict,
  seconds: z.number(),
});

export const recovered = z.object({
  recovered: z.boolean().describe('False when nothing was open.'),
  release: z.string().nullable().describe('The release whose deploy was interrupted.'),
  verdict: verdict
    .nullable()
    .describe('live: it was finished. restored: the previous one serves. refused: it had not touched anything yet.'),
  reason: z.string(),
});

export const pruned = z.object({
  removed: z.array(z.string()).describe('Ids of releases.'),
  freedMb: z.number(),
  freeMb: z.number(),
});

const machine = z
  .object({
    cores: z.number(),
    load: z.number().describe('Average over one minute.'),
    memory: z.object({ total: z.number(), available: z.number() }).describe('Bytes.'),
    disk: z.object({ total: z.number(), used: z.number(), available: z.number() }).describe('Bytes.'),
  })
  .nullable()
  .describe('The VM.');

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
    usage: z
      .object({ cpu: z.number().describe('Percent of one core.'), memory: z.number().describe('Bytes.') })
      .nullable()
      .describe('Null for one that does not run, and where it was not measured.'),
    ports: z.array(z.string()).describe('As `0.0.0.0:8080->8080/tcp`.'),
    verdict: z.enum(['bad', 'good', 'waiting']),
  })
  .describe('One container of the app.');

export const appStatus = z.object({
  app: z.string(),
  healthy: z.boolean().describe('Every service is as it should be.'),
  release: z.string().nullable().describe('Id of the live release; null when nothing was deployed.'),
  broken: z.string().nullable().describe('What is wrong with the link to the live release.'),
  last: releaseRecord.nullable().describe('How the last deploy ended.'),
  deploying: holderNote.nullable().describe('Who deploys right now; null when nobody does.'),
  interrupted: z
    .object({
      release: z.string(),
      run: z.string().describe('Names the journal.'),
      phase: z
        .string()
        .describe(
          'prepare: nothing that runs was touched. switch, restore: services may be of either. live: verified.',
        ),
      previous: z.string().nullable().describe('What recovering goes back to.'),
    })
    .nullable()
    .describe('A run that was killed and has not been undone or finished yet.'),
  host: z.string().describe('Address of the VM.'),
  url: z.string().nullable().describe('app.url.'),
  services: z.array(serviceState),
  drift: z
    .array(z.string())
    .nullable()
    .describe('In what the containers differ from the live release; null when it was not noted.'),
  machine,
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

export const logLine = z
  .union([
    z.object({
      service: z.string(),
      container: z.string().describe('Name without the project: `web-1`.'),
      time: z.string().nullable().describe('RFC 3339, UTC.'),
      line: z.string(),
    }),
    z.object({ release: z.string(), step: z.string(), line: z.string() }).describe('With --release.'),
  ])
  .describe('Not in an envelope: one such object a line, for as long as there are lines.');

export const inside = z.object({
  service: z.string(),
  container: z.string(),
  exit: z.number().describe("The command's own exit status."),
  stdout: z.string(),
  stderr: z.string(),
});

export const topView = z.object({ app: z.string(), services: z.array(serviceState), machine });

export const opened = z.object({
  url: z.string(),
  others: z.array(z.string()).describe('Further addresses the app publishes.'),
  browser: z.boolean().describe('A browser was started.'),
});

export const destroyed = z.object({
  app: z.string(),
  changed: z.boolean().describe('False when the confirmation was not given.'),
  volumes: z.array(z.string()).describe('Names of the volumes the app had.'),
  dataRemoved: z.boolean().describe('Volumes, secrets and shared folders are gone too.'),
});

export const maintenance = z.object({
  app: z.string(),
  on: z.boolean(),
  changed: z.boolean().describe('False when it was so before.'),
});
