import { sh } from '@zebu/kit';
import type { AppLayout } from './layout.js';
import type { ReleaseId } from './release-id.js';

/** Exit status of the receiving script when another deploy holds the lock. */
export const LOCKED_STATUS = 75;

/** What the VM has, as `key=value` lines: one round trip before anything is sent. */
export function surveyScript(layout: AppLayout): string {
  return sh`
cd ${layout.base} 2>/dev/null || exit 0
[ -d repo.git ] && git --git-dir=repo.git for-each-ref --format='have=%(objectname)' refs/zebu
printf 'current=%s\n' "$(readlink current 2>/dev/null)"
latest=$(ls shared/secrets 2>/dev/null | sort -n | tail -n 1)
[ -n "$latest" ] && sed -n 's/^\([A-Za-z_][A-Za-z0-9_]*\)=.*/secret=\1/p' "shared/secrets/$latest"
exec 8>>lock; flock -n 8 || printf 'holder=%s\n' "$(cat holder 2>/dev/null)"
exit 0
`;
}

export interface Start {
  readonly layout: AppLayout;
  readonly id: ReleaseId;
  readonly mode: 'deploy' | 'rollback';
  /** Who deploys, as JSON, for whoever finds the lock held. */
  readonly holder: string;
  /** Seconds to wait for the lock. */
  readonly lockWait: number;
  /** Bytes of the runner on standard input. */
  readonly runnerSize: number;
}

export interface Receive extends Start {
  readonly commit: string;
  /** Bytes of each part on standard input after the runner; the pack follows them to the end. */
  readonly planSize: number;
  readonly secretsSize: number;
  /** False when the VM has every object already. */
  readonly pack: boolean;
}

/** The lock is descriptor 9 of whoever holds it: the kernel frees it with the process. */
function lockPart({ layout, holder, lockWait, runnerSize }: Start): string {
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

/**
 * Secrets are merged by name into the latest version: a name the client did not send keeps its value, and an unchanged
 * set keeps its version.
 */
function storePart({ layout, id, commit, planSize, secretsSize, pack }: Receive): string {
  return sh`
head -c ${planSize} >.incoming/plan
head -c ${secretsSize} >.incoming/secrets
latest=$(ls shared/secrets | sort -n | tail -n 1)
if [ -n "$latest" ]; then cp "shared/secrets/$latest" .incoming/before; else : >.incoming/before; fi
awk -F= 'FILENAME == ARGV[1] { line[$1] = $0; order[++n] = $1; next }
  ($1 in line) { print line[$1]; delete line[$1]; next } { print }
  END { for (i = 1; i <= n; i++) if (order[i] in line) print line[order[i]] }' .incoming/secrets .incoming/before >.incoming/merged
version=$latest
if [ -s .incoming/merged ] && ! cmp -s .incoming/merged .incoming/before; then
  number=$(printf '%s' "$latest" | sed -e 's/[.]env$//')
  version=$((number + 1)).env
  mv .incoming/merged "shared/secrets/$version"
fi
umask 022
[ -d repo.git ] || git init -q --bare repo.git
if [ ${pack ? 1 : 0} = 1 ]; then git --git-dir=repo.git index-pack --stdin --fix-thin >/dev/null; else cat >/dev/null; fi
release=${`${layout.releases}/${id}`}
mkdir -p "$release/tree"
GIT_INDEX_FILE="$PWD/.incoming/index" git --git-dir=repo.git --work-tree="$release/tree" read-tree --reset -u ${commit}
git --git-dir=repo.git update-ref ${`refs/zebu/${id}`} ${commit}
{ cat .incoming/plan; printf 'secrets=%s\n' "$version"; } >"$release/plan"
`;
}

/** The runner inherits the lock and outlives this shell, which goes on to show its journal. */
function startPart({ layout, id, mode }: Start): string {
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

/** Stores what standard input brings (runner, plan, secrets, pack), checks the commit out, and starts the runner. */
export function receiveScript(receive: Receive): string {
  return lockPart(receive) + storePart(receive) + startPart(receive);
}

/** Starts the runner on a release that is there already; standard input brings the runner. */
export function rollbackScript(start: Start): string {
  return (
    lockPart(start) +
    sh`
[ -f ${`${start.layout.releases}/${start.id}/plan`} ] || { echo missing; exit 66; }
` +
    startPart(start)
  );
}
