/**
 * Deploys to a VM that gets a fifth of one processor, as on a host that others keep busy, against the same by hand: what counts then is how
 * many programs are started there, and what they do.
 */
import { existsSync, globSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inApp } from './app.ts';
import { changedAndSame } from './deploy.ts';
import { printRounds } from './spent.ts';

const SHARE = 0.2;
/** Microseconds. */
const PERIOD = 100_000;

/** Gives the lab's one guest that share of one processor, by the cgroup that it is in. */
function starve(labState: string): void {
  const [file] = globSync(join(labState, '**/run/*/cgroups'));
  const directories = file === undefined ? [] : readFileSync(file, 'utf8').split('\n').filter(Boolean);
  const limits = directories.flatMap((directory): [string, string][] => [
    [join(directory, 'cpu.cfs_period_us'), String(PERIOD)],
    [join(directory, 'cpu.cfs_quota_us'), String(PERIOD * SHARE)],
    [join(directory, 'cpu.max'), `${PERIOD * SHARE} ${PERIOD}`],
  ]);
  const there = limits.filter(([limit]) => existsSync(limit));
  if (there.length === 0) throw new Error('this machine cannot limit the processor time of a guest');
  for (const [limit, value] of there) writeFileSync(limit, value);
}

/** @param rounds of each, one after the other in turn */
export function benchStarved(rounds: number): Promise<void> {
  return inApp((app) => {
    starve(app.labState);
    printRounds(
      `a VM with ${SHARE * 100} % of one processor`,
      changedAndSame(app, { changed: 1.2, same: 1.2 }),
      rounds,
    );
  });
}
