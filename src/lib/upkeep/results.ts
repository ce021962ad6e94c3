/** Published shapes of what the VM does by itself between deploys. */
import type { ResultOf } from '@zebu/kit';
import * as z from 'zod';

/** What a webhook is sent. */
export const webhookMessage = z
  .object({
    version: z.literal(1),
    id: z.string().describe('The same when the message is sent again; also the header webhook-id.'),
    app: z.string(),
    event: z.string().describe('As in `notify.events`; with `-over` where it has ended; `up`, `more` and `test`.'),
    at: z.string().describe('ISO 8601, UTC: when it happened.'),
    title: z.string().describe('For people, one line.'),
    text: z.string().describe('For people, a sentence or some.'),
    details: z
      .record(z.string(), z.unknown())
      .describe('Of the event: ref, commit, who, from, seconds, cause, reason, … More come with new versions.'),
  })
  .describe('What `notify.webhook` is sent by POST.');
export type WebhookMessage = ResultOf<typeof webhookMessage>;

export const notifyTest = z.object({
  app: z.string(),
  receivers: z.array(
    z.object({
      name: z.string(),
      how: z.enum(['apprise', 'webhook']),
      ok: z.boolean(),
      reason: z.string().nullable().describe('Why it did not arrive; null where it did.'),
    }),
  ),
});
export type NotifyTest = ResultOf<typeof notifyTest>;
