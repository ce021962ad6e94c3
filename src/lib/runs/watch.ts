import { isZebuError, ZebuError } from '@zebu/kit';
import type { SshSession } from '@zebu/kit/ssh';
import type { Context } from '../context/context.js';
import { openGuest } from '../guest/session.js';
import { runSteps, type Step, type StepReport } from '../ui/steps.js';
import type { JournalStream } from './journal-stream.js';
import { PHASES, showPhase, type AskedStep, type EndEvent, type Phases, type Reopen } from './journal-stream.js';
import { appLayout } from '../app-folder/layout.js';
import { brokenOff, endError } from './outcome.js';
import { runClientProbes } from './client-probes.js';
import { answerScript, showJournalScript } from './programs/show-journal.js';

/** What is known so far of a run in the VM. */
export interface Run {
  /** Names the journal. */
  id: string;
  session: SshSession | undefined;
  journal: JournalStream | undefined;
  end: EndEvent | undefined;
  /** Everything the VM needs has been handed to it. */
  sent: boolean;
  /** Bytes of git objects. */
  bytes: number;
  /** False for one that somebody else started. */
  own: boolean;
}

export function newRun(id: string): Run {
  return { id, session: undefined, journal: undefined, end: undefined, sent: false, bytes: 0, own: true };
}

const RECONNECT_MS = 60_000;

/** A new connection after one was lost. The run does not need the client: without one it is only not watched. */
async function reconnect(context: Context, lost: Error): Promise<SshSession> {
  const { clock, signal, io } = context;
  const until = clock.elapsed() + RECONNECT_MS;
  io.note(`  ${lost.message}; connecting again`);
  for (;;) {
    await clock.sleep(2000, signal);
    try {
      return (await openGuest(context)).session;
    } catch (error) {
      if (!isZebuError(error) || error.code !== 'UNREACHABLE' || clock.elapsed() > until) throw lost;
    }
  }
}

/** Goes on reading where the stream broke off, as long as somebody holds the lock for this run. */
export function reopenRun(context: Context, run: Run): Reopen {
  return async (skip, lost) => {
    const { signal, clock } = context;
    const alive = run.journal?.preamble.match(/^alive=\d$/gm)?.at(-1);
    if (lost === undefined && alive === 'alive=0') return undefined;
    if (lost !== undefined) {
      if (signal.aborted || !isZebuError(lost) || lost.code !== 'UNREACHABLE') return undefined;
      run.session = await reconnect(context, lost);
    } else await clock.sleep(500, signal);
    const line = showJournalScript(appLayout(context.config.app.name), run.id, skip);
    return run.session?.stream({ line }, { signal });
  };
}

async function answer(context: Context, run: Run, step: AskedStep, report: StepReport): Promise<void> {
  const { config, clock, signal } = context;
  // Who only watches a deploy of somebody else leaves the snapshot to them.
  if (step === 'snapshot' && !run.own) return;
  const problem =
    step === 'snapshot'
      ? await (await import('./snapshot.js')).snapshotForDeploy(context, run.id, report)
      : await runClientProbes(config.deploy.probes, { clock, signal, say: (line) => report.output(line) });
  const line = answerScript(appLayout(config.app.name), run.id);
  await run.session?.exec({ line }, { signal, stdin: problem === undefined ? 'ok\n' : `failed\n${problem}\n` });
}

/** What a process that has to exit at once reports, once the runner has begun. */
function goesOn(id: string): ZebuError {
  return new ZebuError('OUTCOME_UNKNOWN', 'You stopped watching; the deploy goes on in the VM', {
    hint: `Watch it: zebu app:follow ${id}`,
    details: { release: id, started: true },
  });
}

function phaseSteps(context: Context, run: Run, probing: boolean, phases: Phases): readonly Step[] {
  return phases.map(({ title }, index) => ({
    title,
    run: async (report) => {
      if (run.journal === undefined || run.end !== undefined) return;
      context.setForcedExitError?.(goesOn(run.id));
      run.end = await showPhase(run.journal, {
        report,
        later: phases.slice(index + 1).flatMap((phase) => phase.steps),
        onAsked: probing ? (step, asked) => answer(context, run, step, asked) : undefined,
      });
      const problem = run.end === undefined ? undefined : endError(run.end, '');
      if (problem !== undefined) throw problem;
    },
  }));
}

/**
 * The steps of the client, then the phases of the runner as its journal tells them.
 * @param probing whether this client answers for the probes from outside
 * @throws how it ended, unless live
 */
export async function carryOut(
  context: Context,
  run: Run,
  {
    first,
    probing,
    phases = PHASES,
  }: { readonly first: readonly Step[]; readonly probing: boolean; readonly phases?: Phases },
): Promise<EndEvent> {
  try {
    await runSteps(context.io, context.signal, [...first, ...phaseSteps(context, run, probing, phases)]);
  } catch (error) {
    if (run.end !== undefined) throw failed(context, run) ?? error;
    throw brokenOff(error, { started: run.journal?.started === true, sent: run.sent, own: run.own }, run.id);
  }
  const problem = failed(context, run);
  if (problem !== undefined || run.end === undefined) throw problem ?? new Error('a deploy has an end');
  return run.end;
}

/** A terminal redraws the lines that say why; they are printed once more, to stay. */
function failed(context: Context, run: Run): ZebuError | undefined {
  const evidence = run.journal?.evidence ?? [];
  const problem = endError(run.end, run.id, evidence);
  if (problem !== undefined && context.io.live) for (const line of evidence) context.io.note(line);
  return problem;
}
