import { sh } from '@zebu/kit';
import { BROKEN_STATUS } from '../app-folder/current-link.js';
import CURRENT_LINK from '../app-folder/current-link.sh';
import COMPOSE from '../runner/compose.sh';

/** Exit status of a script that needs a live release where there is none. */
export const NOT_LIVE_STATUS = 66;

/**
 * The beginning of a script that defines `compose`: the Docker client with exactly the files, images and secrets of the
 * live release, as the runner started it. Without the runner's `timeout`, which would take the terminal away.
 */
export function liveCompose(base: string): string {
  return (
    sh`
base=${base}
cd "$base" 2>/dev/null || exit ${NOT_LIVE_STATUS}
` +
    CURRENT_LINK +
    sh`
case $link in live) ;; none) exit ${NOT_LIVE_STATUS} ;; *) exit ${BROKEN_STATUS} ;; esac
live=$(readlink current)
` +
    COMPOSE +
    String.raw`
load "$base/$live"
compose() { cd "$tree" && docker compose -p "$project" --project-directory "$directory" $files $images $environment "$@"; }
`
  );
}
