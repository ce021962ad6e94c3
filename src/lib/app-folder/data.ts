import { ageSeconds } from '../config/durations.js';
import type { DataStatus } from './results.js';

/** What the VM says of the newest dump, and of the last attempts. */
export interface SeenDumps {
  /** Unix time in seconds by the clock of the VM; undefined where there never was a dump. */
  readonly now: string | undefined;
  readonly id: string | undefined;
  readonly at: string | undefined;
  readonly bytes: string | undefined;
  /** When, well or failed, cause, words; separated by tabs. */
  readonly attempts: readonly string[];
}

const iso = (seconds: string): string => new Date(Number(seconds) * 1000).toISOString();

/** @param age of the newest in seconds; null for none @param maxAge `data.max_age` */
export const isTooOld = (age: number | null, maxAge: string | undefined): boolean =>
  maxAge !== undefined && (age === null || age > ageSeconds(maxAge));

/**
 * How it stands with dumps; null where there never was one, and none is asked for.
 * @param maxAge `data.max_age`
 */
export function dataStatus(seen: SeenDumps, maxAge: string | undefined): DataStatus | null {
  const { now, id, at, bytes, attempts } = seen;
  if (now === undefined && maxAge === undefined) return null;
  const age = id === undefined || at === undefined || now === undefined ? null : Math.max(0, Number(now) - Number(at));
  const failed = attempts.map((line) => line.split('\t')).find(([, how]) => how === 'failed');
  return {
    newest: id === undefined || at === undefined ? null : { id, at: iso(at), bytes: Number(bytes ?? 0) },
    ageSeconds: age,
    tooOld: isTooOld(age, maxAge),
    failed:
      failed === undefined ? null : { at: iso(failed[0] ?? '0'), cause: failed[2] ?? '', reason: failed[3] ?? '' },
  };
}
