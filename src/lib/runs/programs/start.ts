import { sh } from '@zebu/kit';
import type { AppLayout } from '../../app-folder/layout.js';
import { OVERTAKEN_STATUS, TAKEN_STATUS, takeLock } from '../../app-folder/lock.js';
import type { ReleaseId } from '../../app-folder/release-id.js';
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
  /** What was live when this was decided, null for nothing; another release by now refuses. Undefined: any will do. */
  readonly over: string | null | undefined;
  readonly runner: RunnerPart;
}

/** Takes the lock, signs it and makes room for what standard input brings. */
export function lockPart({ layout, run, holder, lockWait, over, runner }: Start): string {
  return (
    sh`
set -eu
umask 077
mkdir -p ${layout.base}
cd ${layout.base}
mkdir -p releases journals shared/secrets
` +
    takeLock(lockWait) +
    (over === undefined
      ? ''
      : sh`
[ "$(readlink current | sed -n 's|^releases/||p')" = ${over ?? ''} ] || { cat held 2>/dev/null || :; exit ${OVERTAKEN_STATUS}; }
`) +
    sh`
[ ! -e ${`journals/${run}.jsonl`} ] && [ ! -e ${`releases/${run}`} ] || exit ${TAKEN_STATUS}
printf '%s' ${holder} >holder
rm -rf .incoming .run.*
mkdir .incoming
` +
    runner.script
  );
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
  const start = sh`[ ! -f .incoming/runner ] || mv .incoming/runner runner
exec sh runner start ${mode} ${layout.base} ${id} ${run}`;
  const made =
    checkout === undefined
      ? ''
      : sh` ${checkout.commit} ${checkout.pack ? 1 : 0}` + (checkout.secretsSize > 0 ? ' "$version"' : '');
  return `${start}${made}\n`;
}
