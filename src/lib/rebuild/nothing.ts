import type { Rebuilt } from './results.js';

/** A result in which nothing has happened: what has, is added. */
export function nothing(action: Rebuilt['action'], seconds: number): Rebuilt {
  return {
    action,
    verdict: 'nothing',
    from: null,
    to: null,
    resumed: false,
    release: null,
    address: { before: null, now: null },
    gap: null,
    seconds,
    copied: [],
    differenceBytes: null,
    steps: [],
    kept: null,
  };
}
