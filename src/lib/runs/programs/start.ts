import { variables } from '@zebu/kit';
import type { AppLayout } from '../../app-folder/layout.js';
import type { ReleaseId } from '../../app-folder/release-id.js';
import LOCK_PART from './lock-part.sh';
import type { RunnerPart } from './runner-part.js';
import START_PART from './start-part.sh';

export interface Start {
  readonly layout: AppLayout;
  /** The release that is to be live; for other secrets, or data, the one that is. */
  readonly id: ReleaseId;
  /** Names the journal: the release's own id, or for a rollback or other secrets an id of its own. */
  readonly run: ReleaseId;
  readonly mode: 'data' | 'deploy' | 'prepare' | 'rebuild' | 'rollback' | 'secrets';
  /** Who deploys, as JSON, for whoever finds the lock held. */
  readonly holder: string;
  /** Seconds to wait for the lock. */
  readonly lockWait: number;
  /** What was live when this was decided, null for nothing; another release by now refuses. Undefined: any will do. */
  readonly over: string | null | undefined;
  readonly runner: Pick<RunnerPart, 'values'>;
}

/** Takes the lock, signs it and makes room for what standard input brings, and takes the runner. */
export function lockPart({ layout, run, holder, lockWait, over, runner }: Start): string {
  const values = {
    base: layout.base,
    run,
    holder,
    lock_wait: lockWait,
    over_checked: over === undefined ? 0 : 1,
    over: over ?? '',
    ...runner.values,
  };
  return variables(values) + LOCK_PART;
}

/** A commit that the release is made of first. */
export interface Checkout {
  readonly commit: string;
  /** False when the VM has every object already. */
  readonly pack: boolean;
  /** Bytes of the secrets on standard input; 0 when none changes, and the version in force is used. */
  readonly secretsSize: number;
}

/** Hands over to the runner, which outlives this shell; the shell goes on to show its journal. */
export function startPart({ layout, id, run, mode }: Start, checkout?: Checkout): string {
  const values = {
    mode,
    base: layout.base,
    id,
    run,
    commit: checkout?.commit ?? '',
    pack: checkout?.pack === true ? 1 : 0,
    secrets_size: checkout?.secretsSize ?? 0,
  };
  return variables(values) + START_PART;
}
