import { variables } from '@zebu/kit';
import type { Context } from '../context/context.js';
import { openGuest } from '../guest/session.js';
import { author } from '../app-folder/author.js';
import { launch } from './launch.js';
import { appLayout, type AppLayout } from '../app-folder/layout.js';
import { runnerPart } from './programs/runner-part.js';
import { surveyApp, parseOpen } from '../app-folder/status.js';
import START_RECOVERY from './start-recovery.sh';
import { carryOut, newRun } from './watch.js';
import type { Recovered } from './results.js';

/** Starts the runner on the transaction that is open, under the lock; standard input brings the runner. */
const recoverScript = (layout: AppLayout, holder: string, lockWait: number): string =>
  variables({ base: layout.base, holder, lock_wait: lockWait, ...runnerPart().values }) + START_RECOVERY;

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
    run: async () => launch(context, session, { script, parts: [await runnerPart().input()], pack: undefined }, run),
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
