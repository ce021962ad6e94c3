import { formatSeconds, formatUnixMinute } from '../ui/units.js';
import { NARROW, table } from '../ui/table.js';
import type { Release } from './results.js';

/** What was done: `deploy v1.2`, `rollback v1.1`, `secrets`. */
function what({ mode, ref }: Release): string {
  if (mode === 'data') return 'data restored';
  return mode === 'secrets' ? 'secrets' : `${mode} ${ref}`;
}

function outcome({ verdict, seconds, reason }: Release): string {
  return `${verdict} in ${formatSeconds(seconds)}${reason === '' ? '' : `: ${reason}`}`;
}

/** `app:releases` for people. */
export function releaseLines(releases: readonly Release[], width = Infinity): readonly string[] {
  // One that was gone back to is there twice: the newest time is what is live.
  const live = releases.findIndex(({ current, verdict }) => current && verdict === 'live');
  const rows = releases.map((each, index) => [
    index === live ? '*' : each.kept ? '+' : ' ',
    formatUnixMinute(each.started),
    what(each),
    ...(width < NARROW ? [] : [each.mode === 'secrets' ? '' : each.subject]),
    outcome(each),
    ...(width < NARROW ? [] : [each.by === '' ? each.who : `${each.who} (${each.by})`]),
    each.id,
  ]);
  const all = ['', 'WHEN (UTC)', 'WHAT', 'SUBJECT', 'HOW IT ENDED', 'BY', 'RELEASE'];
  const header = width < NARROW ? all.filter((title) => title !== 'SUBJECT' && title !== 'BY') : all;
  return table(header, rows, width);
}
