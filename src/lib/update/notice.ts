import { isOn } from '@zebu/kit/core';
import type { UpdateMemory } from './memory.js';
import { isNewer } from './version.js';

const DAY = 24 * 60 * 60 * 1000;

/** A clock that was set back must not silence it for years. */
const aDayAgo = (then: number, now: number): boolean => now - then >= DAY || then > now;

/** Variables that turn the notice off; those of other programs count, too. */
export function isUnwanted(env: Readonly<Record<string, string | undefined>>): boolean {
  return (env['NO_UPDATE_NOTIFIER'] ?? '') !== '' || isOn(env['ZEBU_NO_UPDATE_NOTICE']);
}

export interface UpdatePlan {
  /** The line to show. */
  readonly line: string | undefined;
  /** The registry is asked, for the next run. */
  readonly check: boolean;
  /** What is to be remembered; undefined when nothing changes. */
  readonly memory: UpdateMemory | undefined;
}

/** What to say and to do at the end of a command: each at most once a day. */
export function planUpdate(memory: UpdateMemory, current: string, now: number): UpdatePlan {
  const { latest } = memory;
  const newer = latest !== undefined && isNewer(latest, current) ? latest : undefined;
  const show = newer !== undefined && aDayAgo(memory.shownAt, now);
  const check = aDayAgo(memory.checkedAt, now);
  return {
    line: show ? `zebu ${newer} is out, this is ${current}: npm install --global --ignore-scripts zebu` : undefined,
    check,
    // Written before the check: one that fails, or another zebu beside this one, must not ask again at once.
    memory:
      show || check
        ? { latest, checkedAt: check ? now : memory.checkedAt, shownAt: show ? now : memory.shownAt }
        : undefined,
  };
}
