import { sh } from '@zebu/kit';
import type { AppLayout } from '../../app-folder/layout.js';
import ORDER from '../../app-folder/order.sh';

/** Exit status when there is no such journal. */
export const NO_JOURNAL_STATUS = 66;

/**
 * Shows a journal from a line on, and stays while its run lives. Announces `run=` and `alive=` before.
 * @param run names the journal; undefined for the newest
 */
export function followScript(layout: AppLayout, run: string | undefined, skip: number): string {
  const newest = run === undefined ? `${ORDER}run=$(journals_in_order . | tail -n 1)\n` : '';
  return (
    sh`
cd ${layout.base} 2>/dev/null || exit ${NO_JOURNAL_STATUS}
run=${run ?? ''}
` +
    newest +
    sh`
alive=0
exec 8>>lock
if ! flock -ns 8 && grep -qsF "\"run\":\"$run\"" holder; then alive=1; fi
exec 8>&-
# Who has just got the lock is still receiving.
tries=0
while [ $alive = 1 ] && [ ! -f "journals/$run.jsonl" ] && [ $tries -lt 300 ]; do tries=$((tries + 1)); sleep 0.2; done
[ -n "$run" ] && [ -f "journals/$run.jsonl" ] || exit ${NO_JOURNAL_STATUS}
printf 'run=%s\nalive=%s\nstarted\n' "$run" "$alive"
[ $alive = 1 ] && exec tail -s 0.05 -n +${skip + 1} -f --pid="$(cat watcher)" "journals/$run.jsonl"
exec tail -n +${skip + 1} "journals/$run.jsonl"
`
  );
}

/** Leaves the answer of the client's probes where the runner waits for it; standard input brings it. */
export function answerScript(layout: AppLayout, run: string): string {
  const file = `${layout.base}/client.${run}`;
  return sh`umask 022; cat >${`${file}.new`} && mv ${`${file}.new`} ${file}`;
}
