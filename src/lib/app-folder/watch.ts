import type { Watched } from './results.js';

type Health = Watched['health'];
const HEALTHS: readonly string[] = ['down', 'restarting', 'unhealthy', 'well'] satisfies readonly Health[];

const DAY = 86_400;
const WEEK = 7 * DAY;

interface Past {
  readonly since: number;
  readonly until: number;
  readonly kind: string;
}

function parsePast(text: string): readonly Past[] {
  const [since = '', until = '', kind = ''] = text.split('\t');
  const past = { since: Number(since), until: Number(until), kind };
  return Number.isNaN(past.since) || Number.isNaN(past.until) ? [] : [past];
}

const iso = (seconds: number): string => new Date(seconds * 1000).toISOString();

/** How often, and for how long, health was not well since `from`. */
function troubles(all: readonly Past[], from: number): Watched['lastDay'] {
  const within = all.filter(({ until, kind }) => until > from && HEALTHS.includes(kind));
  return {
    times: within.length,
    seconds: within.reduce((sum, { since, until }) => sum + until - Math.max(since, from), 0),
  };
}

export interface WatchLines {
  /** `health since looked began`, Unix times in seconds. */
  readonly state: string | undefined;
  /** Lines of change.awk's `known`. */
  readonly known: readonly string[];
  readonly past: readonly string[];
  /** `time service`. */
  readonly heals: readonly string[];
}

/** What the watch in the VM has seen; null where it does not watch, or has not looked yet. See upkeep/watch/main.sh. */
export function parseWatch({ state = '', known, past, heals }: WatchLines): Watched | null {
  const [health = '', since = '', looked = '', began = ''] = state.split(' ');
  const [sinceTime, now, beganTime] = [Number(since), Number(looked), Number(began)];
  if (!HEALTHS.includes(health) || [sinceTime, now, beganTime].some((each) => Number.isNaN(each) || each <= 0))
    return null;
  const still = health === 'well' ? [] : [{ since: sinceTime, until: now, kind: health }];
  const all = [...past.flatMap(parsePast), ...still];
  return {
    health: health as Health,
    since: iso(sinceTime),
    looked: iso(now),
    watchedSince: iso(beganTime),
    lastDay: troubles(all, now - DAY),
    lastWeek: troubles(all, now - WEEK),
    troubles: known.flatMap((text) => {
      const [matter = '', from = '', , , , told = '', , , reason = ''] = text.split('\t');
      if (told === '' || Number.isNaN(Number(from))) return [];
      return [{ kind: matter === 'health' ? health : matter, since: iso(Number(from)), reason }];
    }),
    healed: heals.filter((text) => Number(text.split(' ')[0]) > now - DAY).length,
  };
}
