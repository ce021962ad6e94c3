import { variables } from '@zebu/kit';
import type { Receiver } from '../../config/notify-declaration.js';
import { NOTIFY_EVENTS } from '../../config/notify-events.js';
import type { Config } from '../../config/schema.js';
import { MASK_FUNCTION } from '../../app-folder/secrets/masks.js';
import EVENT from '../../units/event.sh';
import type { Unit } from '../../units/unit.js';
import DELIVER from './deliver.sh';
import MAIN from './main.sh';
import PAD from './pad.pl';
import QUEUE from './queue.sh';
import RECEIVERS from './receivers.sh';
import WORDS from './words.awk';

/** Names of members of events: a secret of the same value must not break the text apart. */
const MEMBERS = [
  ...[
    't',
    'event',
    'id',
    'ref',
    'kind',
    'commit',
    'subject',
    'who',
    'from',
    'mode',
    'run',
    'seconds',
    'verdict',
    'cause',
  ],
  ...['reason', 'service', 'services', 'since', 'was', 'failed', 'repository', 'count', 'kinds', 'to', 'test', 'live'],
  ...['deploy', 'rollback', 'secrets', 'restored', 'unhealthy', 'refused', 'more'],
];

/** What receivers.sh reads: name|key|how|events|target, a line each. No value of a secret. */
const tableOf = (receivers: readonly Receiver[]): string =>
  receivers
    .map(({ name, apprise, webhook, key = '', events }) =>
      [name, key, apprise === undefined ? 'webhook' : 'apprise', events.join(' '), apprise ?? webhook ?? ''].join('|'),
    )
    .join('\n');

/** Seconds that it stays while something waits to be sent; then it is started anew. */
const LASTS = 3000;
/** Seconds between two looks whether something has happened meanwhile, only while something waits. */
const NAP = 5;

/** Functions and program, behind $app and $base. */
export function notifyProgram(receivers: readonly Receiver[], lasts = LASTS, nap = NAP): string {
  return [
    variables({
      receivers: receivers.map(({ name }) => name).join(' '),
      receiver_table: tableOf(receivers),
      spared: [...new Set([...MEMBERS, ...Object.keys(NOTIFY_EVENTS)])].join(' '),
      words: WORDS,
      pad_program: PAD,
      lasts,
      nap,
    }),
    MASK_FUNCTION,
    EVENT,
    RECEIVERS,
    DELIVER,
    QUEUE,
    MAIN,
  ].join('');
}

/** The unit that tells people what happened; undefined where nobody is to be told. */
export function notifyUnit({ notify }: Pick<Config, 'notify'>): Unit | undefined {
  if (notify.length === 0) return undefined;
  return {
    name: 'notify',
    summary: 'Tell what happened',
    program: notifyProgram(notify),
    start: { path: ['events/new', 'notify/pending'] },
    limit: LASTS + 600,
    rights: 'fetch',
    writes: ['notify', 'events'],
  };
}

/** Debian's packages that the receivers need. */
export function notifyPackages({ notify }: Pick<Config, 'notify'>): readonly string[] {
  return [
    ...(notify.some(({ webhook }) => webhook !== undefined) ? ['curl'] : []),
    ...(notify.some(({ apprise }) => apprise !== undefined) ? ['apprise'] : []),
  ];
}
