import * as z from 'zod';
import { demand } from './demands.js';
import { secretName } from './secret-declaration.js';

/** What can be told, with the sentence the reference prints. What begins and ends is one of them: whoever is told of the one is told of the other. */
export const NOTIFY_EVENTS = {
  deployed: 'a release is live, after a deploy, a rollback or a change of secrets',
  failed: 'a deploy was refused, or left the app not healthy',
  restored: 'a deploy failed, and what was live before goes on',
  probation: 'a release was undone after it was live',
  'pull-refused': 'a tag or commit was not pulled',
  'pull-away': 'the git server is away, and back',
  down: 'a service has ended, has no container, or Docker does not answer; and up again',
  unhealthy: 'a service is unhealthy; and well again',
  restarting: 'a service restarts again and again; and well again',
  up: 'well again, also for whoever is not told of what was before',
  healed: 'a service was restarted by `watch.heal`',
  drifted: 'containers were changed by hand',
  disk: 'the disk is as full as `watch.disk` says',
  certificate: 'a certificate of the front proxy ends soon',
  proof: 'no backup, or no dump, was proven for as long as `prove.max_age` says',
  reboot: 'a security upgrade wants a reboot',
  'dump-failed': 'a scheduled dump of the data could not be made',
  'offsite-failed': 'a dump could not be copied off the VM',
} as const;

export type NotifyEvent = keyof typeof NOTIFY_EVENTS;

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
