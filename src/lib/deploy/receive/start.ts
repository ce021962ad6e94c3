import { sh } from '@zebu/kit';
import type { AppLayout } from '../layout.js';
import { LOCKED_STATUS } from '../lock.js';
import type { ReleaseId } from '../release-id.js';

export interface Start {
  readonly layout: AppLayout;
  /** Names the journal; for `deploy` and `rollback` the release too. */
  readonly id: ReleaseId | 'secrets';
  readonly mode: 'deploy' | 'rollback' | 'secrets';
  /** Who deploys, as JSON, for whoever finds the lock held. */
  readonly holder: string;
  /** Seconds to wait for the lock. */
  readonly lockWait: number;
  /** Bytes of the runner on standard input. */
  readonly runnerSize: number;
}

/** The lock is descriptor 9 of whoever holds it: the kernel frees it with the process. */
export function lockPart({ layout, holder, lockWait, runnerSize }: Start): string {
  return sh`
set -eu
umask 077
mkdir -p ${layout.releases} ${layout.journals} ${layout.secrets}
cd ${layout.base}
exec 9>>lock
flock -w ${lockWait} 9 || { cat holder 2>/dev/null; exit ${LOCKED_STATUS}; }
printf '%s' ${holder} >holder
rm -rf .incoming .run.*
mkdir .incoming
head -c ${runnerSize} >.incoming/runner
`;
}

/** The runner inherits the lock and outlives this shell, which goes on to show its journal. */
export function startPart({ layout, id, mode }: Start): string {
  return sh`
umask 022
mv .incoming/runner runner
rm -rf .incoming
journal=journals/${id}.jsonl
: >"$journal"
setsid sh runner ${mode} ${layout.base} ${id} </dev/null >/dev/null 2>&1 &
runner=$!
exec 9>&-
echo started
exec tail -s 0.2 -n +1 -f --pid="$runner" "$journal"
`;
}
