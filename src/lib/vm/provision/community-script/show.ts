import type { Io } from '@zebu/kit';
import type { ScriptReview } from '../../results.js';

const version = (commit: string | null): string => (commit === null ? 'without a commit' : `commit ${commit}`);

/** What a terminal would obey is something to see in a review. */
function visible(text: string): string {
  return text.replaceAll(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, '\u2423');
}

function showDialogs(differences: readonly string[], io: Pick<Io, 'out'>): void {
  if (differences.length === 0) io.out('dialogs   all known: zebu has an answer for each');
  else io.out(`dialogs   ${differences.length} not as zebu answers them; this version is not recorded:`);
  for (const difference of differences) io.out(`  ${visible(difference)}`);
}

/** The review for people. @param options.diff with what changed in the files, line by line */
export function showReview(review: ScriptReview, io: Pick<Io, 'out'>, options: { readonly diff: boolean }): void {
  const { pin, pinnedBy, source, current, changed, diff } = review;
  io.out(`pinned    ${version(pin.commit)}, recorded ${pin.recorded} by ${pinnedBy}`);
  for (const [path, sum] of Object.entries(pin.files))
    io.out(`  ${sum.slice(0, 16)}  ${path}${changed.includes(path) ? '  (changed)' : ''}`);
  if (current === null) {
    io.out(`upstream  unknown: ${review.unreachable ?? ''}`);
    return;
  }
  const at = current.commit === null ? source : `${source} at ${version(current.commit)}`;
  const moved = `${changed.length} of ${Object.keys(pin.files).length} files are not as pinned`;
  io.out(changed.length === 0 ? `upstream  the same: ${at}` : `upstream  moved: ${at}; ${moved}`);
  showDialogs(review.differences ?? [], io);
  if (changed.length === 0) return;
  if (!options.diff) return;
  if (diff === null) io.out('The pinned version cannot be had from there any more, so there is no diff to show.');
  else for (const line of visible(diff).trimEnd().split('\n')) io.out(line);
}
