import { sh } from '@zebu/kit';
import type { AppLayout } from '../layout.js';
import { takePart } from '../take-part.js';

/** Exit status when the secrets changed between being asked for and being written. */
export const CHANGED_STATUS = 77;

/** Versions kept beyond those that releases refer to. */
const KEPT = 10;

/**
 * Run in the app's folder: all that is known of the secrets, without a value. Of several lines of a plan the last one holds,
 * here as in the shell that reads it.
 */
export const STORE_LINES = String.raw`
if [ -d shared/secrets ]; then
  ls shared/secrets | sed -n 's/^\([0-9][0-9]*\)[.]env$/secret-version=\1/p'
  [ -s shared/secrets/key ] && sed 's/^/secret-key=/' shared/secrets/key
  if [ -f transaction ] && grep -qs tx_mode=secrets transaction && ( exec 8>>lock; flock -ns 8 ); then echo secret-cut-off=1; fi
  sed -s 's/^/secret-record=/' shared/secrets/*.json 2>/dev/null
  grep -sH '^secrets=[0-9]*[.]env$' releases/*/plan | sed 's|^releases/\([^/]*\)/plan:secrets=\([0-9]*\).*|release-secrets=\1 \2|'
fi
`;

export function storeSurveyScript(layout: AppLayout): string {
  return `${sh`cd ${layout.base} 2>/dev/null || exit 0
printf 'current=%s\n' "$(readlink current 2>/dev/null)"`}${STORE_LINES}exit 0\n`;
}

/**
 * Sets `store`, `latest` (number, empty for none) and `version` (the file in force). Run in the app's folder under the lock.
 * A change that was interrupted is ended first: until then nobody knows whether its values count.
 */
export const LATEST_LINES = String.raw`
store=shared/secrets
if [ -f transaction ] && grep -qs tx_mode=secrets transaction; then sh ./runner recover "$PWD" - - worker </dev/null >/dev/null 2>&1 || :; fi
set -- $store/*.new
[ ! -e "$1" ] || rm -f "$@"
latest=$(ls $store | awk -F. '/^[0-9]+[.]env$/ && $1 > latest { latest = $1 } END { print latest }')
version=
[ -z "$latest" ] || version=$latest.env
`;

export interface SecretsPart {
  /** Bytes of the bundle on standard input. */
  readonly size: number;
  /** Number of the version the bundle was compared with. */
  readonly expected: number;
  /** The version is in place only once the runner has begun with it: `N.env.new`. */
  readonly staged: boolean;
}

/**
 * Makes a version of what `.incoming/secrets` holds (see secretBundle), by name over the latest one: a name that was not
 * sent keeps its value. Under the lock, in the app's folder, umask 077. Sets `version` to the file in force.
 *
 * The values are never in another file than in shared/secrets and .incoming, both owner-only, and are in place by rename.
 */
export function secretsPart({ size, expected, staged }: SecretsPart): string {
  const suffix = staged ? '.new' : '';
  return (
    takePart('.incoming/secrets', size) +
    LATEST_LINES +
    sh`
trap 'rm -rf .incoming' EXIT
[ $((latest + 0)) = ${expected} ] || { echo changed >&2; exit ${CHANGED_STATUS}; }
[ -s $store/key ] || sed -n 1p .incoming/secrets >$store/key
next=$((latest + 1))
sed -n 2p .incoming/secrets >.incoming/record
sed 1,2d .incoming/secrets >.incoming/lines
: >.incoming/before
[ -z "$latest" ] || cp "$store/$latest.env" .incoming/before
awk -F= 'FILENAME == ARGV[1] { if (sub(/^-/, "", $1)) gone[$1] = 1; else { line[$1] = $0; order[++n] = $1 }; next }
  ($1 in gone) { next } ($1 in line) { print line[$1]; delete line[$1]; next } { print }
  END { for (i = 1; i <= n; i++) if (order[i] in line) print line[order[i]] }' .incoming/lines .incoming/before >.incoming/merged
mv .incoming/record "$store/$next.json"${suffix}
mv .incoming/merged "$store/$next.env"${suffix}
version=$next.env
ls $store | sed -n 's/^\([0-9][0-9]*\)[.]env$/\1/p' | sort -rn | tail -n +${KEPT + 1} | while read -r old; do
  grep -qsx "secrets=$old.env" releases/*/plan || rm -f "$store/$old.env"
done
# Of a zebu before this one.
rm -f $store/redact.sed
sync $store/$version${suffix} $store 2>/dev/null || sync
trap - EXIT
rm -f .incoming/secrets .incoming/lines .incoming/before .incoming/merged
`
  );
}
