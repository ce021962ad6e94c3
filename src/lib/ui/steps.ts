import { interrupted, type Io } from '@zebu/kit';
import { joined, shown, styled } from '@zebu/kit/core';
import { bar } from './bar.js';
import { formatSeconds, toSeconds } from './units.js';

/** What a running step may say. */
export interface StepReport {
  /**
   * The one line beside the title: what is being waited for; for how long the step has been going on is shown anyway. Replaces
   * the one before.
   * @param part of all that there is to do, 0 to 1, where that is known: a bar
   */
  update(text: string, part?: number): void;
  /** A line of a program's own output, kept in a short scrolling window on a terminal and printed without one. */
  output(line: string): void;
  /** Ends the step's line, such as `200 (existing)`. */
  done(text: string): void;
}

export interface Step {
  readonly title: string;
  run(report: StepReport): Promise<void>;
}

/** Without a terminal: a line is printed at least this often while a step runs. */
const HEARTBEAT_MS = 10_000;

/** On a terminal: a step that has taken this long shows for how long, and from then on each second. */
const SHOWN_FROM_MS = 3000;

const duration = (ms: number): string => (ms < 10_000 ? `${(ms / 1000).toFixed(1)} s` : `${Math.round(ms / 1000)} s`);

/**
 * Runs steps in order and shows them: redrawn on a terminal, plain lines elsewhere, all on stderr.
 * Stops before the next step once `signal` aborts. What a step throws is thrown unchanged.
 */
export async function runSteps(io: Io, signal: AbortSignal, steps: readonly Step[]): Promise<void> {
  if (io.live) await runLive(io, signal, steps);
  else if (io.events) for (const step of steps) await runEvents(io, signal, step);
  else for (const step of steps) await runPlain(io, signal, step);
}

function checkGoing(signal: AbortSignal): void {
  if (signal.aborted) throw signal.reason instanceof Error ? signal.reason : interrupted();
}

async function runPlain(io: Io, signal: AbortSignal, step: Step): Promise<void> {
  checkGoing(signal);
  const started = Date.now();
  let detail = '';
  let result = '';
  let lastLine = started;
  const say = (line: string): void => {
    lastLine = Date.now();
    io.note(line);
  };
  const heartbeat = setInterval(() => {
    if (Date.now() - lastLine < HEARTBEAT_MS) return;
    say(`  ... ${step.title}${detail === '' ? '' : `: ${detail}`} (${duration(Date.now() - started)})`);
  }, 1000);
  heartbeat.unref();
  io.group(step.title);
  say(`- ${step.title}`);
  try {
    await step.run({
      update: (text) => (detail = text),
      output: (line) => say(`  | ${line}`),
      done: (text) => (result = text),
    });
    io.endGroup();
    say(`  ok${result === '' ? '' : `: ${result}`} (${duration(Date.now() - started)})`);
  } catch (error) {
    io.endGroup();
    say(`  failed after ${duration(Date.now() - started)}`);
    throw error;
  } finally {
    clearInterval(heartbeat);
  }
}

/** Steps of one command have numbers of their own, however many lists of steps it runs. */
const begun = new WeakMap<Io, number>();
/** A text in which only the seconds changed is not printed again. */
const WAIT_EVENT_MS = 1000;

async function runEvents(io: Io, signal: AbortSignal, current: Step): Promise<void> {
  const { title } = current;
  checkGoing(signal);
  const step = (begun.get(io) ?? 0) + 1;
  begun.set(io, step);
  const started = Date.now();
  const seconds = (): number => toSeconds(Date.now() - started);
  let waited = 0;
  let result: string | undefined;
  io.event({ type: 'step', state: 'begin', step, title });
  try {
    await current.run({
      update: (detail) => {
        if (Date.now() - waited < WAIT_EVENT_MS) return;
        waited = Date.now();
        io.event({ type: 'step', state: 'wait', step, title, detail });
      },
      output: (detail) => io.event({ type: 'step', state: 'output', step, title, detail }),
      done: (text) => (result = text),
    });
  } catch (error) {
    io.event({ type: 'step', state: 'failed', step, title, seconds: seconds() });
    throw error;
  }
  io.event({ type: 'step', state: 'done', step, title, ...(result ? { detail: result } : {}), seconds: seconds() });
}

async function runLive(io: Io, signal: AbortSignal, steps: readonly Step[]): Promise<void> {
  const { Listr, ListrLogger, PRESET_TIMER, ProcessOutput } = await import('listr2');
  // The renderer writes to stdout unless told otherwise, and stdout is for the result.
  const stderrOnly = new ListrLogger({ processOutput: new ProcessOutput(process.stderr, process.stderr) });
  const list = new Listr(
    steps.map((step) => ({
      title: io.shown(step.title),
      rendererOptions: { outputBar: 5 },
      task: async (_: unknown, task: { title: string; output: string }) => {
        checkGoing(signal);
        let result = '';
        const started = Date.now();
        let now = '';
        const draw = (): void => {
          const ms = Date.now() - started;
          const title = io.shown(step.title);
          const doing = now === '' ? title : joined([title, shown`: `, styled('dim', io.shown(now))]);
          task.title =
            ms < SHOWN_FROM_MS
              ? doing
              : joined([doing, shown` `, styled('dim', io.shown(`(${formatSeconds(ms / 1000)})`))]);
        };
        const tick = setInterval(draw, 1000);
        try {
          await step.run({
            update: (text, part) => {
              now = part === undefined ? text : `${bar(part, io)} ${text}`;
              draw();
            },
            output: (line) => (task.output = io.shown(line)),
            done: (text) => (result = io.shown(`: ${text}`)),
          });
        } finally {
          clearInterval(tick);
        }
        // The text beside the title is removed when the step has ended.
        task.title = io.shown(step.title) + result;
      },
    })),
    {
      renderer: 'default',
      registerSignalListeners: false,
      rendererOptions: { logger: stderrOnly, timer: PRESET_TIMER, showErrorMessage: false, collapseSubtasks: false },
    },
  );
  await list.run();
}
