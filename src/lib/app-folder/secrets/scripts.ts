import { sh } from '@zebu/kit';
import CURRENT_LINES from '../current-lines.sh';
import type { AppLayout } from '../layout.js';
import { takePart } from '../take-part.js';
import LATEST_LINES from './latest.sh';
import STORE_LINES from './survey.sh';

/** Exit status when the secrets changed between being asked for and being written. */
export const CHANGED_STATUS = 77;

/** Versions kept beyond those that releases refer to. */
const KEPT = 10;

export function storeSurveyScript(layout: AppLayout): string {
  return `${sh`cd ${layout.base} 2>/dev/null || exit 0`}${CURRENT_LINES}${STORE_LINES}exit 0\n`;
}

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
