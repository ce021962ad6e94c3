/** Published shapes of what the commands of pull deploys return. */
import type { ResultOf } from '@zebu/kit';
import * as z from 'zod';
import { seenUnit } from '../units/seen.js';

const deployKey = z
  .string()
  .nullable()
  .describe('Public half of the key that was made in the VM, as a line; null without one.');

const state = z
  .string()
  .nullable()
  .describe(
    'What the last look found: live, ordered, busy, left, failed, refused, nothing, changing; or what was in its way: away, key-refused, host-key-changed, untrusted, not-found. Null before the first.',
  );

const looked = z
  .object({
    at: z.number().describe('Unix time in seconds of the clock of the VM.'),
    state,
    ref: z.string().nullable(),
    commit: z.string().nullable(),
    why: z.string().describe('The same in words.'),
  })
  .describe('The last look at the repository.');

const refusal = z.object({
  at: z.number().describe('Unix time in seconds.'),
  ref: z.string(),
  object: z.string().describe('Id of the tag or commit that was offered.'),
  commit: z.string().nullable(),
  cause: z
    .string()
    .describe(
      'unsigned, other-signer, renamed, moved, older, forced, secret-missing, plan-changed, compose-missing, submodules, lfs, not-a-commit, not-fetched, not-started.',
    ),
  reason: z.string(),
});

export const pullEnabled = z.object({
  app: z.string(),
  dryRun: z.boolean(),
  repository: z.string(),
  tags: z.string().nullable(),
  branch: z.string().nullable(),
  every: z.number().describe('Seconds.'),
  signedBy: z.array(z.string()).describe('Empty: whoever can push.'),
  planHash: z.string().describe('SHA-256 over zebu.yml and its overlay, in hex: commits with others are refused.'),
  hostKeysFrom: z.string().nullable().describe('Where the pinned host keys of the git server are from; null on https.'),
  key: deployKey,
  keyPage: z.string().nullable().describe('Where it is added, read-only; null for a server that is not known.'),
  accepted: z.boolean().nullable().describe('Whether the git server let the VM in; null in a dry run.'),
  looked: looked.nullable(),
  steps: z.array(z.string()).describe('What was done, or in a dry run would be.'),
});
export type PullEnabled = ResultOf<typeof pullEnabled>;

export const pullDisabled = z.object({
  app: z.string(),
  changed: z.boolean().describe('False when it was not enabled.'),
  dryRun: z.boolean(),
  key: deployKey.describe('The deploy key that is gone from the VM, to be removed at the git server.'),
  steps: z.array(z.string()),
});
export type PullDisabled = ResultOf<typeof pullDisabled>;

export const pullStatus = z.object({
  app: z.string(),
  enabled: z.boolean(),
  since: z.string().nullable().describe('ISO 8601.'),
  repository: z.string().nullable(),
  tags: z.string().nullable(),
  branch: z.string().nullable(),
  every: z.number().nullable().describe('Seconds.'),
  signedBy: z.array(z.string()).describe('Empty: whoever can push.'),
  key: deployKey,
  planHash: z.string().nullable(),
  planCurrent: z.boolean().nullable().describe('Whether zebu.yml here is what was enabled.'),
  looked: looked.nullable(),
  trouble: z
    .object({
      cause: z.string(),
      since: z.number().describe('Unix time in seconds.'),
      times: z.number().describe('Looks that failed.'),
      next: z.number().describe('Unix time in seconds before which it is not asked again.'),
    })
    .nullable()
    .describe('What keeps the VM from asking the git server.'),
  run: z.string().nullable().describe('The newest run that was begun by a pull: app:follow.'),
  refused: z.array(refusal).describe('The last ones, newest first.'),
  units: z.array(seenUnit),
  systemd: z.boolean(),
});
export type PullStatus = ResultOf<typeof pullStatus>;

export const pullNow = z.object({
  app: z.string(),
  looked,
  run: z.string().nullable().describe('The run that was begun and ended live; null when there was nothing to deploy.'),
  seconds: z.number().nullable(),
  verdict: z.enum(['live', 'running', 'unchanged']),
});
export type PullNow = ResultOf<typeof pullNow>;
