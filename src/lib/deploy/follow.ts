import { isZebuError, ZebuError } from '@zebu/kit';
import type { RemoteProcess } from '@zebu/kit/ssh';
import type { StepReport } from '../ui/steps.js';
import { LineSplitter, parseJournalLine, type JournalEvent } from './journal.js';

export type EndEvent = Extract<JournalEvent, { kind: 'end' }>;

/** The journal of a running deploy, event by event, as it comes over the connection. */
export class JournalStream {
  readonly #queue: JournalEvent[] = [];
  readonly #lines = new LineSplitter();
  #closed: Error | true | undefined;
  #wake: (() => void) | undefined;
  /** The runner has begun: from here on it goes on without us. */
  started = false;
  /** What the script said instead of starting. */
  preamble = '';

  constructor(process: RemoteProcess) {
    process.stream.setEncoding('utf8').on('data', (chunk: string) => {
      for (const line of this.#lines.push(chunk)) this.#take(line);
      this.#wake?.();
    });
    process.ended.then(
      () => this.#close(true),
      (error: unknown) => this.#close(error instanceof Error ? error : new Error(String(error))),
    );
  }

  #take(line: string): void {
    if (!this.started) {
      if (line === 'started') this.started = true;
      else this.preamble += line;
      return;
    }
    const event = parseJournalLine(line);
    if (event !== undefined) this.#queue.push(event);
  }

  #close(how: Error | true): void {
    this.#closed ??= how;
    this.#wake?.();
  }

  /** The next event without taking it; undefined once the journal has ended. */
  async peek(): Promise<JournalEvent | undefined> {
    for (;;) {
      const [next] = this.#queue;
      if (next !== undefined) return next;
      if (this.#closed === true) return undefined;
      if (this.#closed !== undefined) throw this.#closed;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  take(): void {
    this.#queue.shift();
  }
}

/** Steps of the runner in the order they come, with the title a person sees. */
export type Phases = readonly { readonly title: string; readonly steps: readonly string[] }[];

export const PHASES: Phases = [
  { title: 'Build in the VM', steps: ['start', 'check', 'hook', 'build'] },
  { title: 'Start', steps: ['start-up'] },
  { title: 'Verify', steps: ['verify'] },
  { title: 'Clean up', steps: ['prune'] },
];

/**
 * Shows one phase: takes events until one belongs to a later phase. Once something failed, everything up to the end
 * belongs to the phase it failed in.
 * @returns the end, when this phase saw it
 */
export async function showPhase(
  journal: JournalStream,
  later: readonly string[],
  report: StepReport,
): Promise<EndEvent | undefined> {
  let failed = false;
  for (;;) {
    const event = await journal.peek();
    if (event === undefined) return undefined;
    if (event.kind === 'end') {
      journal.take();
      return event;
    }
    if (!failed && later.includes(event.step)) return undefined;
    journal.take();
    if (event.kind === 'output') {
      if (event.line.trim() !== '') report.output(event.line.trim());
    } else if (event.state === 'failed') {
      failed = true;
      report.output(`failed: ${event.detail}`);
    } else if (event.state === 'wait') report.update(`waiting for ${event.detail}`);
    else if (event.state === 'begin' && (failed || event.detail !== ''))
      report.update(event.detail === '' ? event.step : event.detail);
    else if (event.state === 'output') report.output(`${event.detail}:`);
    else if (event.state === 'done') report.done(event.detail);
  }
}

/** How a deploy ended, as the error it is; undefined for a release that went live. */
export function endError(end: EndEvent | undefined, id: string): ZebuError | undefined {
  const details = { release: id };
  switch (end?.verdict) {
    case 'live':
      return undefined;
    case 'refused':
      return new ZebuError('COMPOSE_INVALID', `The release was refused before anything was started: ${end.reason}`, {
        details,
      });
    case 'restored':
      return new ZebuError(
        'DEPLOY_RESTORED',
        `The release is not healthy: ${end.reason}. The previous release was restored and verified`,
        {
          hint: 'See zebu app:releases; the app serves the previous release.',
          details,
        },
      );
    case 'unhealthy':
      return new ZebuError('DEPLOY_UNHEALTHY', `The app is not healthy: ${end.reason}`, {
        hint: 'See zebu app:status and zebu app:logs.',
        details,
      });
    case undefined:
      return new ZebuError('OUTCOME_UNKNOWN', `The deploy in the VM ended without a verdict`, {
        hint: 'See zebu app:status, then deploy again.',
        details,
      });
  }
}

/** What a broken connection or Ctrl-C means, depending on how far things were. */
export function brokenOff(error: unknown, state: { started: boolean; sent: boolean }, id: string): unknown {
  if (!isZebuError(error) || (error.code !== 'UNREACHABLE' && error.code !== 'INTERRUPTED')) return error;
  if (!state.sent)
    return error.code === 'INTERRUPTED'
      ? new ZebuError('INTERRUPTED', 'Interrupted before the deploy began; nothing was changed')
      : error;
  const why = error.code === 'INTERRUPTED' ? 'You stopped watching' : error.message;
  return new ZebuError('OUTCOME_UNKNOWN', `${why}; the deploy goes on in the VM`, {
    hint: 'zebu app:status tells how it ended.',
    details: { release: id, started: state.started },
    cause: error,
  });
}
