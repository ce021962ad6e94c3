import type { Context } from '../context/context.js';
import type { StepReport } from '../ui/steps.js';
import { taskListAnswer, taskLogAnswer } from './answers.js';
import type { ProxmoxClient } from './client.js';
import type { NodeName, Vmid } from './ids.js';
import { parseAnswer } from './parse.js';
import { runTask, taskOptions } from './tasks.js';

interface RunningTask {
  readonly node: NodeName;
  /** None of a task that is about no VM. */
  readonly vmid?: Vmid | undefined;
  /** Such as `vzdump`. */
  readonly type: string;
}

const POLL_MS = 2000;
/** Clocks of node and client may differ by this many seconds. */
const CLOCK_SKEW = 120;

/** How far a task is. */
export interface Progress {
  /** 0 to 1. */
  readonly part: number;
  /** `39% (1018.6 MiB of 2.5 GiB)`. */
  readonly text: string;
}

/** Lines of vzdump and of a restore; of a disk that is copied or imported; of wget, which downloads images. */
const LINES = [
  /^(?:INFO:\s+|progress )(?<percent>\d+)%(?: \((?<amount>[^)]*of[^)]*)\))?/,
  /^transferred (?<amount>.* of .*) \((?<percent>\d+)(?:\.\d+)?%\)/,
  /^\s*\d+[KM][\s.]*\s(?<percent>\d+)%\s/,
];

/** undefined for lines that say nothing of it */
export function progressOf(line: string): Progress | undefined {
  for (const pattern of LINES) {
    const { percent, amount } = pattern.exec(line)?.groups ?? {};
    if (percent === undefined) continue;
    return { part: Number(percent) / 100, text: amount === undefined ? `${percent}%` : `${percent}% (${amount})` };
  }
  return undefined;
}

/**
 * Shows how far a task is while `work` waits for it. Its request may stay open until the end, so the task is looked for
 * meanwhile. Errors of this are ignored: only the display of the progress is lost.
 */
export async function withProgress<T>(
  context: Context,
  client: ProxmoxClient,
  task: RunningTask,
  onProgress: (progress: Progress) => void,
  work: () => Promise<T>,
): Promise<T> {
  const { clock } = context;
  const since = Math.floor(clock.now().getTime() / 1000) - CLOCK_SKEW;
  const done = new AbortController();
  const watch = async (): Promise<void> => {
    for (let start = 0; ;) {
      await clock.sleep(POLL_MS, done.signal);
      const active = await client.request('GET', `/nodes/${task.node}/tasks`, {
        source: 'active',
        ...(task.vmid === undefined ? {} : { vmid: task.vmid }),
      });
      const found = parseAnswer(taskListAnswer, active, 'the task list').find(
        (each) => each.type === task.type && each.starttime >= since,
      );
      if (found === undefined) continue;
      const path = `/nodes/${task.node}/tasks/${found.upid}/log`;
      const lines = parseAnswer(taskLogAnswer, await client.request('GET', path, { start, limit: 500 }), 'a task log');
      start += lines.length;
      const last = lines.map(({ t }) => progressOf(t)).findLast((progress) => progress !== undefined);
      if (last !== undefined) onProgress(last);
    }
  };
  const watching = watch().catch(() => undefined);
  try {
    return await work();
  } finally {
    done.abort();
    await watching;
  }
}

export interface LongTask extends RunningTask {
  /** Of a migration. */
  readonly target?: NodeName;
  /** `backing up VM 100`. */
  readonly label: string;
  readonly send: () => Promise<unknown>;
}

/** Starts a task of minutes and waits for it, showing how far it is. @throws what runTask throws */
export async function runLongTask(
  context: Context,
  client: ProxmoxClient,
  { label, send, ...task }: LongTask,
  report: Pick<StepReport, 'update'>,
): Promise<void> {
  await withProgress(
    context,
    client,
    task,
    ({ text, part }) => report.update(text, part),
    () =>
      runTask(client, send, task, {
        ...taskOptions(context, label),
        afterwards: 'See how it ends in the web interface; the next time raise proxmox.task_timeout.',
      }),
  );
}
