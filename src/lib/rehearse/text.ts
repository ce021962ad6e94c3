import { formatBytes, formatSeconds } from '../ui/units.js';
import type { Rehearsal } from './results.js';

function growth({ before, after }: Rehearsal['data']): string {
  const grown = after - before;
  return grown === 0 ? 'as much as before' : `${grown > 0 ? '+' : '-'}${formatBytes(Math.abs(grown))}`;
}

/** What a rehearsal has shown, for people. */
export function rehearsalLines(result: Rehearsal): readonly string[] {
  const { ref, verdict, seconds, steps, gaps, memory, disk, data, kept, vmid, source } = result;
  const outcome = verdict === 'live' ? 'would go live' : 'would NOT go live';
  const long = steps.filter(({ seconds: each }) => each > 0).map(({ step, seconds: each }) => `${step} ${each} s`);
  const gone = Object.entries(gaps).map(([service, each]) => `${service} for ${each} s`);
  return [
    `${ref} ${outcome}: ${formatSeconds(seconds)}${long.length === 0 ? '' : ` (${long.join(', ')})`}`,
    gone.length === 0 ? 'no service would be away' : `away meanwhile: ${gone.join(', ')}`,
    `memory: ${memory.leastAvailable === null ? 'not seen' : `${formatBytes(memory.leastAvailable)} of ${formatBytes(memory.total)} left when it was least`}; disk ${growth(disk)}; data ${growth(data)}`,
    ...(source === 'backup' ? ['rehearsed in a restored backup, which was made for it and is removed'] : []),
    ...(kept ? [`The copy is VM ${vmid}: zebu vm:exec --rehearsal -- docker ps -a`] : []),
  ];
}
