import { sh } from '@zebu/kit';
import type { Context } from '../context/context.js';
import { openGuest } from '../guest/session.js';
import { author } from '../app-folder/author.js';
import { launch } from './launch.js';
import { appLayout, type AppLayout } from '../app-folder/layout.js';
import { takeLock } from '../app-folder/lock.js';
import { runnerPart } from './programs/runner-part.js';
import { surveyApp, parseOpen } from '../app-folder/status.js';
import { carryOut, newRun } from './watch.js';
import type { Recovered } from './results.js';

/** Starts the runner on the transaction that is open, under the lock; standard input brings the runner. */
function recoverScript(layout: AppLayout, holder: string, lockWait: number): string {
  return (
    sh`
set -eu
cd ${layout.base}
` +
    takeLock(lockWait) +
    sh`
[ -f transaction ] || { echo 'there is nothing to recover any more' >&2; exit 1; }
printf '%s' ${holder} >holder
rm -rf .incoming
mkdir .incoming
` +
    runnerPart().script +
    sh`
mv .incoming/runner runner
rm -rf .incoming
. ./transaction
( setsid sh runner recover ${layout.base} - - </dev/null >/dev/null 2>&1 & echo "$!" >watcher )
runner=$(cat watcher)
exec 9>&-
printf 'run=%s\nalive=1\nstarted\n' "$tx_run"
exec tail -s 0.05 -n +1 -f --pid="$runner" "journals/$tx_run.jsonl"
`
  );
}

/** Ends a deploy that was interrupted in the VM: undone, or finished where it was verified. @throws DEPLOY_UNHEALTHY, LOCK_HELD */
export async function recover(context: Context): Promise<Recovered> {
  const { session } = await openGuest(context);
  const { config, clock } = context;
  const { open } = await surveyApp(session, context);
  const interrupted = parseOpen(open);
  if (interrupted === null) return { recovered: false, release: null, verdict: null, reason: '' };
  const { release, run: id } = interrupted;
  const run = newRun(id);
  const holder = JSON.stringify({
    ...author(context, ''),
    since: clock.now().toISOString(),
    id: release,
    run: id,
    ref: `recovery of ${release}`,
  });
  const script = recoverScript(appLayout(config.app.name), holder, config.deploy.lock_wait);
  const first = {
    title: `Recover ${release}, interrupted in phase ${interrupted.phase}`,
    run: () => launch(context, session, { script, parts: [runnerPart().input], pack: undefined }, run),
  };
  try {
    const end = await carryOut(context, run, { first: [first], probing: false });
    return { recovered: true, release, verdict: end.verdict, reason: end.reason };
  } catch (error) {
    const { end } = run;
    if (end?.verdict !== 'restored' && end?.verdict !== 'refused') throw error;
    return { recovered: true, release, verdict: end.verdict, reason: end.reason };
  }
}
