import type { RemoteProcess } from '@zebu/kit/ssh';
import type { StepReport } from '../ui/steps.js';
import { LineSplitter, parseJournalLine, type JournalEvent } from './journal-events.js';

export type EndEvent = Extract<JournalEvent, { kind: 'end' }>;

/** Lines kept of what a failure left: last words of containers, what a probe saw. */
const EVIDENCE_LINES = 200;

/**
 * Opens the journal once more after it broke off; undefined when there is no more to come.
 * @param skip lines that were read already
 * @param lost why the connection ended; undefined when only the program that showed the journal did
 */
export type Reopen = (skip: number, lost: Error | undefined) => Promise<RemoteProcess | undefined>;

/** The journal of a running deploy, event by event, as it comes over the connection. */
export class JournalStream {
  readonly #queue: JournalEvent[] = [];
  readonly #reopen: Reopen | undefined;
  #closed: Error | true | undefined;
  #wake: (() => void) | undefined;
  #lines = 0;
  #ended = false;
  #collecting = false;
  /** The runner has begun: from here on it goes on without us. */
  started = false;
  /** What the script said instead of starting, or before it did. */
  preamble = '';
  readonly evidence: string[] = [];

  constructor(process: RemoteProcess, reopen?: Reopen) {
    this.#reopen = reopen;
    this.#attach(process);
  }

  #attach(process: RemoteProcess): void {
    const lines = new LineSplitter();
    process.stream.setEncoding('utf8').on('data', (chunk: string) => {
      for (const line of lines.push(chunk)) this.#take(line);
      this.#wake?.();
    });
    process.ended.then(
      () => {
        // The note of who holds the lock has no newline at its end.
        if (!this.started) this.preamble += lines.rest;
        this.#close(true);
      },
      (error: unknown) => this.#close(error instanceof Error ? error : new Error(String(error))),
    );
  }

  #take(line: string): void {
    if (!this.started) {
      if (line === 'started') this.started = true;
      else this.preamble += `${line}\n`;
      return;
    }
    this.#lines++;
    const event = parseJournalLine(line);
    if (event === undefined) return;
    if (event.kind === 'end') this.#ended = true;
    if (event.kind === 'step') this.#collecting = event.state === 'output';
    if (this.#collecting && event.kind !== 'end' && this.evidence.length < EVIDENCE_LINES)
      this.evidence.push(event.kind === 'output' ? `  ${event.line}` : `${event.detail}:`);
    this.#queue.push(event);
  }

  #close(how: Error | true): void {
    this.#closed ??= how;
    this.#wake?.();
  }

  async #again(lost: Error | undefined): Promise<boolean> {
    if (this.#reopen === undefined || this.#ended || !this.started) return false;
    const process = await this.#reopen(this.#lines, lost);
    if (process === undefined) return false;
    this.#closed = undefined;
    // The script announces itself once more.
    this.started = false;
    this.#attach(process);
    return true;
  }

  /** The next event without taking it; undefined once the journal has ended. */
  async peek(): Promise<JournalEvent | undefined> {
    for (;;) {
      const [next] = this.#queue;
      if (next !== undefined) return next;
      if (this.#closed !== undefined) {
        const lost = this.#closed === true ? undefined : this.#closed;
        if (!(await this.#again(lost))) {
          if (lost !== undefined) throw lost;
          return undefined;
        }
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        if (this.#queue.length > 0 || this.#closed !== undefined) resolve();
      });
    }
  }

  take(): void {
    this.#queue.shift();
  }
}

/** Steps of the runner in the order they come, with the title a person sees. */
export type Phases = readonly { readonly title: string; readonly steps: readonly string[] }[];

export const PHASES: Phases = [
  { title: 'Build in the VM', steps: ['start', 'heal', 'check', 'hook', 'login', 'build', 'snapshot', 'dump'] },
  { title: 'Start', steps: ['release-command', 'start-up'] },
  { title: 'Verify', steps: ['verify', 'in-force', 'probe', 'client-probe'] },
  { title: 'Clean up', steps: ['commit', 'prune'] },
];

/** Probes from outside, and a snapshot of the VM. */
export type AskedStep = 'client-probe' | 'snapshot';

export interface Showing {
  readonly report: StepReport;
  /** Steps that belong to a later phase. */
  readonly later: readonly string[];
  /** Called when the runner waits for what only the client can do. */
  readonly onAsked: ((step: AskedStep, report: StepReport) => Promise<void>) | undefined;
}

/**
 * Shows one phase: takes events until one belongs to a later phase. Once something failed, everything up to the end
 * belongs to the phase it failed in.
 * @returns the end, when this phase saw it
 */
export async function showPhase(
  journal: JournalStream,
  { report, later, onAsked }: Showing,
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
    else if (event.state === 'begin' && (event.step === 'client-probe' || event.step === 'snapshot')) {
      report.update(event.step === 'snapshot' ? 'a snapshot of the VM' : 'probing from here');
      await onAsked?.(event.step, report);
    } else if (event.state === 'begin') {
      if (event.step === 'recover') failed = true;
      if (failed || event.detail !== '') report.update(event.detail === '' ? event.step : event.detail);
    } else if (event.state === 'output') report.output(`${event.detail}:`);
    else if (event.state === 'done') report.done(event.detail);
  }
}
