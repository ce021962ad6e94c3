import { sh, variables, ZebuError, type Io } from '@zebu/kit';
import { appLayout } from '../app-folder/layout.js';
import type { Context } from '../context/context.js';
import { RUNNER } from '../runner/index.js';
import type { StepReport } from '../ui/steps.js';
import { COPY_FOLDER, type GuestByAgent } from './agent-shell.js';
import { CopyJournal, type JournalEnd } from './journal.js';
import RUN_IN_COPY from './run-in-copy.sh';

const RUNNER_FILE = `${COPY_FOLDER}/runner`;

/** What the runner itself may take beyond deploy.timeout: Docker that waits for a network, probes. */
const BEYOND_MS = 900_000;

export interface RunInCopy {
  readonly journal: CopyJournal;
  readonly end: JournalEnd;
  /** Bytes of memory and swap that were available when it was least; undefined where that was not seen. */
  readonly leastMemory: number | undefined;
}

/**
 * Puts this zebu's runner into the copy, and lets it carry a run out there.
 * @param what names its journal, and what it is called in errors
 */
export async function runInCopy(
  context: Context,
  guest: GuestByAgent,
  what: {
    readonly mode: 'data' | 'prove' | 'rehearse';
    readonly id: string;
    readonly run: string;
    readonly timeoutMs: number;
  },
  report: Pick<StepReport, 'update'>,
): Promise<RunInCopy> {
  const { app, vm } = context.config;
  const { base } = appLayout(app.name);
  const { mode, id, run, timeoutMs } = what;
  await guest.put(RUNNER_FILE, RUNNER);
  const journal = new CopyJournal((text) => report.update(text));
  let leastMemory: number | undefined;
  const code = await guest.job(mode, variables({ base, runner: RUNNER_FILE, mode, id, run }) + RUN_IN_COPY, {
    user: vm.user,
    timeoutMs,
    onLine: (line) => {
      const least = /^least_memory=(\d+)$/.exec(line)?.[1];
      if (least === undefined) journal.take(line);
      else leastMemory = Number(least) * 1024;
    },
  });
  const { end } = journal;
  if (end === undefined)
    throw new ZebuError('VM_NOT_READY', `The run in the copy ended with ${code}, without a verdict`, {
      hint: 'Try again; --debug shows what was asked.',
    });
  return { journal, end, leastMemory };
}

/** What failed in a copy said last; nothing where it said nothing. */
export function tellLastLines(io: Io, lines: readonly string[]): void {
  if (lines.length > 0) io.note(`Its last lines:\n${lines.map((line) => `  | ${line}`).join('\n')}`);
}

export interface Verdict {
  readonly good: boolean;
  /** In words; empty for a good one. */
  readonly why: string;
  /** The last lines of what is not as it should be. */
  readonly lines: readonly string[];
}

/** Whether the live release of the copy is as it should be. */
export async function verdictIn(
  context: Context,
  guest: GuestByAgent,
  report: Pick<StepReport, 'update'>,
): Promise<Verdict> {
  const { app, deploy } = context.config;
  const { base } = appLayout(app.name);
  const there = await guest.ask(['/bin/sh', '-c', sh`[ -d ${base} ]`], 60_000);
  if (there.exit !== 0) return { good: false, why: `nothing of the app ${app.name} is in it (${base})`, lines: [] };
  const timeoutMs = deploy.timeout * 1000 + BEYOND_MS;
  const { journal, end } = await runInCopy(context, guest, { mode: 'prove', id: '-', run: 'proof', timeoutMs }, report);
  const good = end.verdict === 'live';
  return { good, why: end.reason, lines: good ? [] : journal.lines };
}
