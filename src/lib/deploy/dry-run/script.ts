import { sh } from '@zebu/kit';
import MARKERS from '../../app-folder/secrets/markers.sh';
import type { AppLayout } from '../../app-folder/layout.js';
import { takePart } from '../../app-folder/take-part.js';
import CHECKOUT from '../../runner/checkout.sh';
import COMPOSE from '../../runner/compose.sh';
import CONFIG from '../../runner/config.sh';
import DATA from '../../runner/data.sh';
import ENV_FILE from '../../runner/env-file.sh';
import MOUNTS from '../../runner/mounts.sh';
import REASON from '../../runner/reason.sh';
import SOURCES from '../../runner/sources.sh';
import STANDING from '../../runner/standing.sh';
import STRATEGY from '../../runner/strategy.sh';
import UNREAD from '../../runner/unread.sh';

/** What a path within the release is called in both configurations, which lie in different folders. */
export const RELEASE_MARK = '/zebu-release';

export interface Rehearsal {
  readonly layout: AppLayout;
  readonly commit: string;
  /** Bytes of each part on standard input; the pack follows them to the end. */
  readonly planSize: number;
  readonly markersSize: number;
  /** False when the VM has every object already. */
  readonly pack: boolean;
}

/**
 * What a deploy of the commit would find, without a trace: objects and checkout are put into a folder of their own that
 * borrows the app's objects, and goes when the script ends. Secrets are rendered as markers; no value is read.
 *
 * Prints sections that begin with a line `@@NAME`: live and target (the indented JSON of `docker compose config`; live only
 * where there is one that can be read), paths (what is said of them), strategies (as the runner's), hooks (names), room
 * (`PLACE FREE_MIB`), memory (MiB), history (the last lines), live-settings and settings (lines of KEY=value), and error (why
 * Compose refuses the files) or refused (why a path in them is, or what a volume cannot become).
 */
export function rehearsalScript({ layout, commit, planSize, markersSize, pack }: Rehearsal): string {
  return (
    sh`
set -u
umask 077
base=${layout.base}
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 130' HUP INT TERM
release=$work/release
mkdir -p "$release/tree"
cd "$work"
` +
    takePart('plan', planSize) +
    takePart('markers', markersSize) +
    sh`
{ cat plan; echo "secrets="; } >"$release/plan"
git init -q --bare repo.git || exit 1
[ -d "$base/repo.git" ] && echo "$base/repo.git/objects" >repo.git/objects/info/alternates
if [ ${pack ? 1 : 0} = 1 ]; then git --git-dir=repo.git index-pack --stdin --fix-thin >/dev/null || exit 1; else cat >/dev/null; fi
commit=${commit} mark=${RELEASE_MARK}
` +
    CHECKOUT +
    COMPOSE +
    REASON +
    CONFIG +
    UNREAD +
    ENV_FILE +
    STRATEGY +
    SOURCES +
    MOUNTS +
    DATA +
    STANDING +
    MARKERS +
    String.raw`
checkout_commit repo.git "$release/tree" "$work/index" "$commit" || exit 1
limit=120 masks=/dev/null
logged() { :; }
# No pinned images: what the commit itself says, and where its data is.
own_files() {
  images=
  for overlay in proxy shared; do [ ! -s "$release/$overlay.yml" ] || images="$images -f $release/$overlay.yml"; done
}
# Compose ends its JSON without a newline.
section() { printf '\n@@%s\n' "$1"; }
# The same name for the release's folder in both.
marked() { sed -e "s|$1/|$mark/|g" "$2"; }

live=$(readlink "$base/current" 2>/dev/null)
if [ -n "$live" ] && load "$base/$live"; then
  own_files
  section live-settings
  cat "$base/$live/settings.env" 2>/dev/null
  [ -n "$secrets" ] || environment="$environment --env-file $work/markers"
  if { if [ -n "$secrets" ]; then marked_config json; else compose config --format json; fi; } </dev/null >"$work/live" 2>/dev/null; then
    section live
    # With markers, its folder is another one.
    sed -e "s|$work/marked/|$base/$live/tree/|g" "$work/live" >"$work/live-here"
    marked "$base/$live" "$work/live-here"
  fi
fi

mv "$work/markers" "$work/names"
load "$work/release"
own_files
environment="$environment --env-file $work/names"
section settings
cat "$work/release/settings.env" 2>/dev/null
[ ! -s "$work/names" ] || secrets=names
if wants_env_file; then cat "$work/release/settings.env" "$work/names" 2>/dev/null >"$directory/.env"; fi
if ! read_config; then
  section error
  compose_said
elif ! { check_given && map_mounts; }; then
  section refused
  printf '%s\n' "$reason"
elif own_files && [ -s "$release/shared.yml" ] && ! { rm "$work/config" && read_config; }; then
  section error
  compose_said
elif ! plan_standing; then
  section refused
  printf '%s\n' "$reason"
else
  section target
  marked "$work/release" "$work/config"
  section version
  docker compose version --short
  section strategies
  strategies <"$work/config"
  section paths
  cat "$work/said"
  unread
fi
section hooks
for each in pre-build pre-deploy post-deploy post-failure; do [ ! -f "$tree/.zebu/hooks/$each" ] || echo "$each"; done
section room
for place in "$base" /var/lib/docker; do
  df -Pk "$place" 2>/dev/null | awk -v place="$place" 'NR == 2 { print int($4 / 1024), place }'
done
section memory
awk '$1 == "MemAvailable:" || $1 == "SwapFree:" { sum += $2 } END { print int(sum / 1024) }' /proc/meminfo
section history
tail -n 50 "$base/releases.jsonl" 2>/dev/null
exit 0
`
  );
}

/** The sections of what the script printed. */
export function parseSections(stdout: string): ReadonlyMap<string, string> {
  const sections = new Map<string, string>();
  for (const part of stdout.split(/^@@/m).slice(1)) {
    const cut = part.indexOf('\n');
    sections.set(part.slice(0, cut), part.slice(cut + 1));
  }
  return sections;
}
