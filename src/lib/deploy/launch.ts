import { PassThrough, type Readable } from 'node:stream';
import { ZebuError } from '@zebu/kit';
import type { RemoteProcess, SshSession } from '@zebu/kit/ssh';
import type { Context } from '../context.js';
import { CHANGED_STATUS } from '../secrets/vm/scripts.js';
import { runSteps, type Step } from '../ui/steps.js';
import { brokenOff, endError, JournalStream, PHASES, showPhase, type EndEvent, type Phases } from './follow.js';
import { changedMeanwhile, LOCKED_STATUS, lockHeld } from './lock.js';
import type { ReleaseId } from './release-id.js';

interface Sent {
  sent: boolean;
  bytes: number;
}

/** Writes the parts one after another into the script's standard input, counting the pack. */
async function feed(
  process: RemoteProcess,
  parts: readonly string[],
  pack: Readable | undefined,
  sent: Sent,
): Promise<void> {
  for (const part of parts) process.stream.write(part);
  if (pack === undefined) process.stream.end();
  else {
    const counted = new PassThrough();
    counted.on('data', (chunk: Buffer) => (sent.bytes += chunk.length));
    pack.pipe(counted).pipe(process.stream);
    await new Promise<void>((resolve, reject) => {
      pack.once('error', reject);
      counted.once('end', resolve);
      process.stream.once('close', resolve);
    });
  }
  sent.sent = true;
}

/** What the script said instead of starting the runner. */
async function refusal(process: RemoteProcess, journal: JournalStream, stderr: string): Promise<ZebuError> {
  const { code } = await process.ended;
  if (code === LOCKED_STATUS) return lockHeld(journal.preamble);
  if (code === CHANGED_STATUS) return changedMeanwhile();
  const reason = stderr.trim().split('\n').at(-1) ?? '';
  if (/No space left on device/i.test(stderr)) {
    return new ZebuError('NO_SPACE', 'There is no space left in the VM', {
      hint: 'Remove what is not needed, or raise vm.disk_gb and run vm:create.',
    });
  }
  return new ZebuError(
    'VM_NOT_READY',
    `The release could not be stored in the VM: ${reason === '' ? `exit status ${code ?? 'none'}` : reason}`,
  );
}

export interface Launch {
  readonly script: string;
  readonly parts: readonly string[];
  /** Called once there is somebody to read: Node drops what an ended child has written to a pipe nobody listens to. */
  readonly pack: (() => { readonly stream: Readable; readonly done: Promise<void> }) | undefined;
}

/** What is known so far of a deploy that was sent. */
export interface Run {
  journal: JournalStream | undefined;
  end: EndEvent | undefined;
  readonly sent: Sent;
}

/** Sends what is to be sent and waits until the runner has begun. */
export async function launch(
  session: SshSession,
  signal: AbortSignal,
  { script, parts, pack }: Launch,
  run: Run,
): Promise<JournalStream> {
  const process = await session.stream({ line: script }, { signal });
  let stderr = '';
  process.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const journal = new JournalStream(process);
  run.journal = journal;
  const packed = pack?.();
  await feed(process, parts, packed?.stream, run.sent);
  await packed?.done;
  await journal.peek();
  if (!journal.started) throw await refusal(process, journal, stderr);
  return journal;
}

/** The last word of a process that has to end at once, once the runner is on its way. */
function goesOn(id: ReleaseId | 'secrets'): ZebuError {
  return new ZebuError('OUTCOME_UNKNOWN', 'You stopped watching; the deploy goes on in the VM', {
    hint: 'zebu app:status tells how it ended.',
    details: { release: id, started: true },
  });
}

function phaseSteps(context: Context, id: ReleaseId | 'secrets', run: Run, phases: Phases): readonly Step[] {
  return phases.map(({ title }, index) => ({
    title,
    run: async (report) => {
      if (run.journal === undefined || run.end !== undefined) return;
      context.stake?.(goesOn(id));
      const later = phases.slice(index + 1).flatMap((phase) => phase.steps);
      run.end = await showPhase(run.journal, later, report);
      const problem = run.end === undefined ? undefined : endError(run.end, '');
      if (problem !== undefined) throw problem;
    },
  }));
}

/** The steps of the client, then the phases of the runner as its journal tells them. @throws how it ended, unless live */
export async function carryOut(
  context: Context,
  id: ReleaseId | 'secrets',
  first: readonly Step[],
  run: Run,
  phases: Phases = PHASES,
): Promise<EndEvent> {
  try {
    await runSteps(context.io, context.signal, [...first, ...phaseSteps(context, id, run, phases)]);
  } catch (error) {
    if (run.end !== undefined) throw endError(run.end, id) ?? error;
    throw brokenOff(error, { started: run.journal?.started === true, sent: run.sent.sent }, id);
  }
  const problem = endError(run.end, id);
  if (problem !== undefined || run.end === undefined) throw problem ?? new Error('a deploy has an end');
  return run.end;
}

export function newRun(): Run {
  return { journal: undefined, end: undefined, sent: { sent: false, bytes: 0 } };
}
