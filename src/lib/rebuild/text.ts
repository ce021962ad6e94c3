import { formatBytes, formatSeconds } from '../ui/units.js';
import type { Rebuilt } from './results.js';

const machine = (place: Rebuilt['from']): string => (place === null ? 'a new VM' : `VM ${place.vmid}`);

function planned({ from, copied, steps }: Rebuilt): readonly string[] {
  if (copied.length === 0) return [...steps.map((step, at) => `${at + 1}. ${step}`), 'Nothing was changed.'];
  const all = copied.reduce((sum, { bytes }) => sum + bytes, 0);
  return [
    ...steps.map((step, at) => `${at + 1}. ${step}`),
    `To bring over: ${formatBytes(all)} (${copied.map(({ what, bytes }) => `${what} ${formatBytes(bytes)}`).join(', ')}), through this machine`,
    `Nobody is served while what has changed meanwhile is brought over, ${machine(from)} shuts down, the new one starts once more, and the app starts twice.`,
    'Nothing was changed.',
  ];
}

/** What has happened, or would, for people. */
export function rebuiltLines(result: Rebuilt): readonly string[] {
  const { action, verdict, from, to, gap, address, kept, resumed } = result;
  if (verdict === 'planned') return planned(result);
  if (verdict === 'nothing')
    return [action === 'forget' ? 'No VM is kept of a rebuild: nothing to forget' : 'No rebuild to go back from'];
  if (action === 'forget')
    return [to === null ? `${machine(from)} is gone` : `${machine(from)} is gone; the app serves from ${machine(to)}`];
  const now = address.now === null ? '' : ` at ${address.now}`;
  const away = gap === null ? '' : `; nobody was served for ${formatSeconds(gap)}`;
  return [
    action === 'back'
      ? `The app serves from ${machine(to)} again${now}`
      : `The app serves from ${machine(to)}${now}${resumed ? ': the rebuild that was interrupted is done' : ''}${away}`,
    ...(address.before !== null && address.now !== null && address.before !== address.now
      ? [`Its address is another one: it was ${address.before}`]
      : []),
    ...(kept === null
      ? []
      : [`VM ${kept.vmid} is kept, stopped and unplugged: vm:rebuild --back goes back to it, --forget removes it`]),
  ];
}
