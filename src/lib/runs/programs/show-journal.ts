import { sh, variables } from '@zebu/kit';
import type { AppLayout } from '../../app-folder/layout.js';
import SHOW_JOURNAL from './show-journal.sh';

/**
 * Shows a journal from a line on, see show-journal.sh. With MISSING_STATUS there is no such journal.
 * @param run names the journal; undefined for the newest
 * @param skip lines that were seen already
 */
export function showJournalScript(layout: AppLayout, run: string | undefined, skip: number): string {
  return variables({ base: layout.base, run: run ?? '', from: skip + 1 }) + SHOW_JOURNAL;
}

/** Leaves the answer of the client's probes where the runner waits for it; standard input brings it. */
export function answerScript(layout: AppLayout, run: string): string {
  const file = `${layout.base}/client.${run}`;
  return sh`umask 022; cat >${`${file}.new`} && mv ${`${file}.new`} ${file}`;
}
