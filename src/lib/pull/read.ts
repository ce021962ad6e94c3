import * as z from 'zod';
import { parseFacts } from '../guest/facts.js';
import type { PullStatus } from './results.js';

type Looked = NonNullable<PullStatus['looked']>;

const orNull = (text: string | undefined): string | null => (text === undefined || text === '' ? null : text);

/** What poll.sh prints, or left. @param prefix of its keys */
export function parseLooked(facts: ReadonlyMap<string, string>, prefix = ''): Looked | null {
  const polled = Number(facts.get(`${prefix}polled`) ?? Number.NaN);
  if (!Number.isInteger(polled)) return null;
  return {
    at: polled,
    state: orNull(facts.get(`${prefix}state`)),
    ref: orNull(facts.get(`${prefix}ref`)),
    commit: orNull(facts.get(`${prefix}commit`)),
    why: facts.get(`${prefix}why`) ?? '',
  };
}

const refusedLine = z
  .object({
    t: z.number(),
    ref: z.string(),
    oid: z.string(),
    cause: z.string(),
    commit: z.string().default(''),
    reason: z.string(),
  })
  .transform(({ t, ref, oid, cause, commit, reason }) => ({
    at: t,
    ref,
    object: oid,
    commit: orNull(commit),
    cause,
    reason,
  }));

function parseRefused(line: string): PullStatus['refused'] {
  try {
    const parsed = refusedLine.safeParse(JSON.parse(line));
    return parsed.success ? [parsed.data] : [];
  } catch {
    return [];
  }
}

function parseTrouble(text: string | undefined): PullStatus['trouble'] {
  const [cause = '', since, times, , next] = (text ?? '').split(' ');
  return cause === '' ? null : { cause, since: Number(since), times: Number(times), next: Number(next) };
}

/** What look.sh prints; undefined where pull deploys are not enabled. */
export type SeenPull = Omit<PullStatus, 'app' | 'enabled' | 'planCurrent' | 'systemd' | 'units'> & {
  /** Unix time in seconds of the VM's clock. */
  readonly time: number;
  readonly waiting: boolean;
};

export function parsePull(stdout: string): SeenPull | undefined {
  const facts = parseFacts(stdout);
  if (facts.get('enabled') !== '1') return undefined;
  const names = facts.get('signed_by') ?? '';
  const branch = facts.get('mode') === 'branch';
  return {
    since: orNull(facts.get('enabled_at')),
    repository: orNull(facts.get('repository')),
    tags: branch ? null : orNull(facts.get('tags')),
    branch: branch ? orNull(facts.get('branch')) : null,
    every: Number(facts.get('every') ?? 0),
    signedBy: names === '' ? [] : names.split(', '),
    key: orNull(facts.get('key')),
    planHash: orNull(facts.get('plan_hash')),
    looked: parseLooked(facts, 'last_'),
    trouble: parseTrouble(facts.get('trouble')),
    run: orNull(facts.get('run')),
    refused: stdout
      .split('\n')
      .flatMap((line) => (line.startsWith('refused=') ? parseRefused(line.slice(8)) : []))
      .toReversed(),
    time: Number(facts.get('time') ?? 0),
    waiting: facts.get('waiting') === '1',
  };
}
