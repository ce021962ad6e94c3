import { ZebuError } from '@zebu/kit';
import type { SshSession } from '@zebu/kit/ssh';
import type { Context } from '../context/context.js';
import { openGuest } from '../guest/session.js';
import { JournalStream } from './journal-stream.js';
import { appLayout } from '../app-folder/layout.js';
import { MISSING_STATUS } from '../app-folder/statuses.js';
import { showJournalScript } from './programs/show-journal.js';
import { notDeployed } from '../app-folder/status.js';
import { carryOut, newRun, reopenRun, type Run } from './watch.js';
import type { Followed } from './results.js';

/** Opens the journal of a run that somebody else started. @throws REF_UNKNOWN, APP_MISSING */
export async function attach(context: Context, session: SshSession, run: Run): Promise<void> {
  const { name } = context.config.app;
  const line = showJournalScript(appLayout(name), run.id === '' ? undefined : run.id, 0);
  const process = await session.stream({ line }, { signal: context.signal });
  const journal = new JournalStream(process, reopenRun(context, run));
  run.session = session;
  run.journal = journal;
  run.sent = true;
  run.own = false;
  await journal.peek();
  if (journal.started) {
    run.id = /^run=(.*)$/m.exec(journal.preamble)?.[1] ?? run.id;
    return;
  }
  const { code } = await process.ended;
  if (code !== MISSING_STATUS)
    throw new ZebuError('VM_NOT_READY', `The journal cannot be read: exit status ${code ?? 'none'}`);
  if (run.id === '') throw notDeployed(name);
  throw new ZebuError('REF_UNKNOWN', `There is no journal of ${run.id} in the VM`, { hint: 'See zebu app:releases' });
}

/**
 * Shows a run from its first step on, and to its end while it lives.
 * @param id names the journal; undefined for the newest
 * @throws how it ended, unless live
 */
export async function follow(context: Context, id: string | undefined): Promise<Followed> {
  const run = newRun(id ?? '');
  run.own = false;
  const first = {
    title: id === undefined ? 'Open the newest journal' : `Open the journal of ${id}`,
    run: async (report: { done(text: string): void }) => {
      await attach(context, (await openGuest(context)).session, run);
      report.done(run.id);
    },
  };
  const end = await carryOut(context, run, { first: [first], probing: false });
  return { run: run.id, verdict: end.verdict, seconds: end.seconds ?? 0 };
}
