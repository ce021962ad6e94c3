import { interrupted, isZebuError, ZebuError, type Io } from '@zebu/kit';
import type { Clock, Context } from '../context/context.js';
import { taskListAnswer, taskStatusAnswer } from './answers.js';
import type { ProxmoxClient } from './client.js';
import { awaitHaRequest, HA_TYPES } from './ha/await-request.js';
import { toUpid, type NodeName, type Upid, type Vmid } from './ids.js';
import { parseAnswer } from './parse.js';
import { taskFailure, taskLog, taskPath, warningsIn } from './task-failure.js';

export interface TaskOptions {
  readonly io: Io;
  readonly signal: AbortSignal;
  readonly clock: Clock;
  /** Milliseconds until TASK_TIMEOUT; the task itself goes on. */
  readonly timeoutMs: number;
  /** What is being waited for, in messages: `importing the disk of VM 100`. */
  readonly label: string;
  /** What to do about a task that takes longer, where the same command once more is not it. */
  readonly afterwards?: string | undefined;
  /** Called with whole seconds waited, for the line on the screen. */
  readonly onWait?: ((seconds: number) => void) | undefined;
}

/** Those of a task that takes as long as proxmox.task_timeout says at most. */
export const taskOptions = ({ io, signal, clock, config }: Context, label: string): TaskOptions => ({
  io,
  signal,
  clock,
  timeoutMs: config.proxmox.task_timeout * 1000,
  label,
});

export interface TaskResult {
  readonly upid: Upid;
  readonly status: 'OK' | 'WARNINGS';
  /** Where the VM is afterwards, when the HA manager did it: it may choose another node. */
  readonly node?: NodeName;
}

/** Short tasks are seen at once, long ones are not asked about needlessly. */
const FIRST_POLL_MS = 50;
const LAST_POLL_MS = 1000;

/**
 * Waits for a task to end.
 * @param started when the waiting began, of the clock
 * @throws what `taskFailure` makes of a task that failed; TASK_TIMEOUT; the signal's reason when aborted, in which case
 *   the task goes on
 */
export async function waitTask(
  client: ProxmoxClient,
  upid: Upid,
  options: TaskOptions,
  started = options.clock.elapsed(),
): Promise<TaskResult> {
  const { clock, signal } = options;
  let pause = FIRST_POLL_MS;
  for (;;) {
    if (signal.aborted) throw signal.reason instanceof Error ? signal.reason : interrupted();
    if (client.endedWell(upid)) return { upid, status: 'OK' };
    const task = parseAnswer(
      taskStatusAnswer,
      await client.request('GET', `${taskPath(upid)}/status`),
      'a task status',
    );
    if (task.status === 'stopped') return judge(client, upid, task.exitstatus ?? 'unexpected status', options);
    const waited = clock.elapsed() - started;
    if (waited > options.timeoutMs) {
      throw new ZebuError('TASK_TIMEOUT', `Proxmox is still ${options.label} after ${Math.round(waited / 1000)} s`, {
        hint: `Its task goes on: ${upid}. ${options.afterwards ?? 'Run the same command again to wait for it, or raise proxmox.task_timeout.'}`,
        details: { upid },
      });
    }
    options.onWait?.(Math.round(waited / 1000));
    // The pause must not go past the time limit.
    await clock.sleep(Math.max(1, Math.min(pause, options.timeoutMs - waited)), signal);
    pause = Math.min(pause * 1.5, LAST_POLL_MS);
  }
}

async function judge(client: ProxmoxClient, upid: Upid, exit: string, options: TaskOptions): Promise<TaskResult> {
  const { io, label } = options;
  if (exit === 'OK') return { upid, status: 'OK' };
  if (!/^WARNINGS: /.test(exit)) throw await taskFailure(client, { upid, exit }, label);
  for (const line of warningsIn(await taskLog(client, upid))) io.warn(`${label}: ${line}`);
  return { upid, status: 'WARNINGS' };
}

export interface LostTask {
  readonly node: NodeName;
  readonly type: string;
  readonly vmid?: Vmid | undefined;
  /** Of a migration. */
  readonly target?: NodeName | undefined;
}

/**
 * Starts a task and waits for it. Of a VM under the HA manager the task only asks for it: then for the VM to be so, within
 * the same bound. When the answer to the request was lost, the request is not sent again: the task it
 * may have started is looked for by type, VM and time.
 * @throws OUTCOME_UNKNOWN when no such task is found either
 */
export async function runTask(
  client: ProxmoxClient,
  start: () => Promise<unknown>,
  lost: LostTask,
  options: TaskOptions,
): Promise<TaskResult> {
  const sentAt = Math.floor(options.clock.now().getTime() / 1000);
  const started = options.clock.elapsed();
  let upid: Upid;
  try {
    upid = toUpid(await start());
  } catch (error) {
    if (!isZebuError(error) || error.code !== 'OUTCOME_UNKNOWN') throw error;
    const found = await findTask(client, lost, sentAt, options, started);
    if (found === undefined) throw error;
    options.io.warn(`The answer to a request was lost; its task was found: ${found}`);
    upid = found;
  }
  // Over some transports the request itself takes as long as its task: together they have one bound.
  const result = await waitTask(client, upid, options, started);
  const node = await awaitHaRequest(client, upid, lost, options, started);
  return node === undefined ? result : { ...result, node };
}

/** Clocks of node and client may differ by this many seconds. */
const CLOCK_SKEW = 120;

async function findTask(
  client: ProxmoxClient,
  lost: LostTask,
  sentAt: number,
  options: TaskOptions,
  started: number,
): Promise<Upid | undefined> {
  for (let attempt = 0; attempt < 5; attempt++) {
    if (options.clock.elapsed() - started > options.timeoutMs) return undefined;
    const data = await client.request('GET', `/nodes/${lost.node}/tasks`, {
      source: 'all',
      limit: 50,
      ...(lost.vmid === undefined ? {} : { vmid: lost.vmid }),
    });
    const match = parseAnswer(taskListAnswer, data, 'the task list')
      .filter(
        ({ type, starttime }) =>
          (type === lost.type || type === HA_TYPES[lost.type]) && starttime >= sentAt - CLOCK_SKEW,
      )
      .sort((a, b) => b.starttime - a.starttime)[0];
    if (match !== undefined) return toUpid(match.upid);
    await options.clock.sleep(1000, options.signal);
  }
  return undefined;
}
