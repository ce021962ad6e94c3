import * as z from 'zod';
import { demand } from './demands.js';
import { NOTIFY_EVENTS, type NotifyEvent } from './notify-events.js';
import { secretName } from './secret-declaration.js';

const names = Object.keys(NOTIFY_EVENTS) as NotifyEvent[];

/** What asks for a person. That a release went live is what somebody waited for, or what a tag was pushed for. */
export const DEFAULT_EVENTS: readonly NotifyEvent[] = names.filter((name) => name !== 'deployed');

const receiver = z
  .strictObject({
    name: z
      .string()
      .regex(/^[a-z][a-z0-9-]{0,31}$/, 'lower-case letters, digits and hyphens, starting with a letter')
      .describe('What it is called here: `zebu notify:test phone`.'),
    apprise: secretName
      .optional()
      .describe(
        'Declared secret that holds the address as Apprise has it: `ntfys://…`, `mailtos://…`, `slack://…`, `tgram://…`.',
      ),
    webhook: z
      .union(
        [z.url({ protocol: /^https?$/ }), secretName],
        'an address that begins with https://, or the name of a declared secret that holds one',
      )
      .optional()
      .describe('Address that is sent JSON by POST; or the declared secret that holds it, where it is secret itself.'),
    key: secretName
      .optional()
      .describe('Declared secret that the webhook is signed with, as Standard Webhooks has it.'),
    events: z
      .array(z.enum(names))
      .min(1)
      .default([...DEFAULT_EVENTS])
      .describe(
        `What it is told. Default: all but \`deployed\`. ${names.map((name) => `\`${name}\`: ${NOTIFY_EVENTS[name]}.`).join(' ')}`,
      ),
  })
  .refine(demand('exactlyOne', 'apprise', 'webhook'), 'give exactly one of `apprise` and `webhook`')
  .refine(
    demand('together', 'webhook', 'key'),
    'a `webhook` is signed, and only a webhook: give both `webhook` and `key`',
  );

export type Receiver = z.infer<typeof receiver>;

export const receivers = z.array(receiver).max(20);
