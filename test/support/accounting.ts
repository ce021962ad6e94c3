import { quote } from '@zebu/kit';
import ACCOUNTING from './accounting.pl';
import type { Shell } from './guest-shell.js';

const FILE = '/var/tmp/accounting';

/** How often each program was started in a guest, by its deploy user, while something was done; as the kernel counts. */
export async function programsStarted(
  guest: Shell,
  work: () => Promise<unknown>,
): Promise<Readonly<Record<string, number>>> {
  const accounting = (...args: readonly string[]): string =>
    guest.run(['sudo -n perl -e', ...[ACCOUNTING, ...args].map(quote)].join(' '));
  accounting('on', FILE);
  try {
    await work();
  } finally {
    accounting('off', FILE, '/opt/zebu/*/lock');
  }
  const counts: Record<string, number> = {};
  for (const name of accounting('programs', FILE, guest.run('id -u')).split('\n'))
    counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}
