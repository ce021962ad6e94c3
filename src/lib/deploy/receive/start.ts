import { sh } from '@zebu/kit';
import type { AppLayout } from '../layout.js';
import { LOCKED_STATUS } from '../lock.js';
import type { ReleaseId } from '../release-id.js';
import type { RunnerPart } from './runner-part.js';

export interface Start {
  readonly layout: AppLayout;
  /** The release that is to be live; for other secrets the one that is. */
  readonly id: ReleaseId;
  /** Names the journal: the release's own id, or for a rollback or other secrets an id of its own. */
  readonly run: ReleaseId;
  readonly mode: 'deploy' | 'rollback' | 'secrets';
  /** Who deploys, as JSON, for whoever finds the lock held. */
  readonly holder: string;
  /** Seconds to wait for the lock. */
  readonly lockWait: number;
  readonly runner: RunnerPart;
}

/** Whoever only asks whether the lock is held has it for a moment, too. */
const SHORTEST_WAIT = 2;

/** The lock is descriptor 9 of whoever holds it: the kernel frees it with the process. */
export function lockPart({ layout, holder, lockWait, runner }: Start): string {
  return (
    sh`
set -eu
umask 077
mkdir -p ${layout.base}
cd ${layout.base}
mkdir -p releases journals shared/secrets
exec 9>>lock
flock -w ${Math.max(lockWait, SHORTEST_WAIT)} 9 || { cat holder 2>/dev/null; exit ${LOCKED_STATUS}; }
printf '%s' ${holder} >holder
rm -rf .incoming .run.*
mkdir .incoming
` + runner.script
  );
}

/** A commit that the release is made of first; secretsPart has set `version`. */
export interface Checkout {
  readonly commit: string;
  /** False when the VM has every object already. */
  readonly pack: boolean;
}

/** Hands over to the runner, which outlives this shell; the shell goes on to show its journal. */
export function startPart({ layout, id, run, mode }: Start, checkout?: Checkout): string {
  const start = sh`[ ! -f .incoming/runner ] || mv .incoming/runner runner
exec sh runner start ${mode} ${layout.base} ${id} ${run}`;
  const made = checkout === undefined ? '' : sh` ${checkout.commit} ${checkout.pack ? 1 : 0} "$version"`;
  return `${start}${made}\n`;
}
