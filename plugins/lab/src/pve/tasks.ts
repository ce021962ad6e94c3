import type { Caller } from './access.js';
import { badParameters, PveFault } from './fault.js';
import type { StateFile, TaskRecord } from './state.js';

/** What the work of a task may do with it. */
export interface TaskHandle {
  readonly log: (line: string) => void;
  /** A line that makes the task end with `WARNINGS: N` when nothing worse happens. */
  readonly warn: (line: string) => void;
  /** Aborts when somebody stops the task. */
  readonly signal: AbortSignal;
  /** What a test wants to go wrong in the middle of this task; asked for by work that says so itself, once. */
  readonly trouble: () => string | undefined;
}

/** How an error ends a task: refusals with their status before them, several lines as one. */
export function exitOf(error: unknown): string {
  const { message } = error as Error;
  const refused = error instanceof PveFault && error.status !== 500;
  const more = refused ? Object.entries(error.errors ?? {}).map(([name, text]) => `\n${name}: ${text}`) : [];
  return `${refused ? `${error.status} ` : ''}${message}${more.join('')}`.trim().replaceAll(/\n+/g, ' ');
}

interface TaskOptions {
  /** The work asks for `trouble` itself, to go wrong where the real one does. */
  readonly ownTrouble?: boolean;
  /** The work sees itself whether it was stopped before it began: it has something to put in order then. */
  readonly ownStop?: boolean;
}

/** What the nodes of a lab have in common. */
interface Shared {
  readonly running: Map<string, AbortController>;
  readonly failNext: Map<string, string>;
  readonly delays: Map<string, number>;
  pid: number;
}

const KEPT = 300;
const KEPT_LINES = 2000;
/** No worker of a real node is done when its UPID is answered: it is forked first. */
const FORK_MS = 120;

const hex = (value: number): string => value.toString(16).toUpperCase().padStart(8, '0');

/** Tasks run beside the request that started them; their errors are in `exitstatus`, never in its answer. */
export class Tasks {
  readonly #node: string;
  readonly #file: StateFile;
  readonly #shared: Shared;

  constructor(node: string, file: StateFile, shared?: Shared) {
    this.#node = node;
    this.#file = file;
    this.#shared = shared ?? { running: new Map(), failNext: new Map(), delays: new Map(), pid: 9000 };
  }

  /** The same tasks as another node of the cluster starts and lists them. */
  forNode(node: string): Tasks {
    return new Tasks(node, this.#file, this.#shared);
  }

  /** @returns the UPID; the work begins later */
  start(
    type: string,
    id: string,
    caller: Caller,
    work: (task: TaskHandle) => Promise<void>,
    options: TaskOptions = {},
  ): string {
    const starttime = Math.floor(Date.now() / 1000);
    const pstart = Math.floor(process.uptime() * 100);
    const pid = (this.#shared.pid += 7);
    const upid = `UPID:${this.#node}:${hex(pid)}:${hex(pstart)}:${hex(starttime)}:${type}:${id}:${caller.id}:`;
    const [user = '', tokenid] = caller.id.split('!');
    const record: TaskRecord = {
      upid,
      type,
      id,
      user,
      ...(tokenid === undefined ? {} : { tokenid }),
      pid,
      pstart,
      starttime,
      log: [],
    };
    this.#file.state.tasks.unshift(record);
    this.#file.state.tasks.length = Math.min(this.#file.state.tasks.length, KEPT);
    const abort = new AbortController();
    this.#shared.running.set(upid, abort);
    this.#file.save();
    void this.#run(record, abort, work, { ...options, foreground: caller.local === true });
    return upid;
  }

  async #run(
    record: TaskRecord,
    abort: AbortController,
    work: (task: TaskHandle) => Promise<void>,
    { ownTrouble = false, ownStop = false, foreground }: TaskOptions & { readonly foreground: boolean },
  ): Promise<void> {
    record.startedAt = Date.now();
    let warnings = 0;
    const log = (line: string): void => {
      if (record.log.length < KEPT_LINES) record.log.push(line);
    };
    // A worker that runs in the program of somebody on the host ends its output before it says how it went.
    const end = (line: string): void => {
      if (foreground) log('');
      log(line);
    };
    const warn = (line: string): void => {
      warnings++;
      log(`WARN: ${line}`);
    };
    const trouble = (): string | undefined => {
      const injected = this.#shared.failNext.get(record.type);
      this.#shared.failNext.delete(record.type);
      return injected;
    };
    try {
      await new Promise((resolve) => setTimeout(resolve, FORK_MS + (this.#shared.delays.get(record.type) ?? 0)));
      this.#shared.delays.delete(record.type);
      const injected = ownTrouble ? undefined : trouble();
      if (injected !== undefined) throw new Error(injected);
      if (!ownStop) abort.signal.throwIfAborted();
      await work({ log, warn, signal: abort.signal, trouble });
      record.exitstatus = warnings === 0 ? 'OK' : `WARNINGS: ${warnings}`;
      if (warnings === 0) log('TASK OK');
      else end(`TASK ${record.exitstatus}`);
    } catch (error) {
      const message = abort.signal.aborted ? 'interrupted by signal' : exitOf(error);
      record.exitstatus = message;
      end(`TASK ERROR: ${message}`);
    }
    record.endtime = Math.floor(Date.now() / 1000);
    record.endedAt = Date.now();
    this.#shared.running.delete(record.upid);
    this.#file.save();
  }

  /** @throws PveFault 400 for what is no UPID */
  isKnown(upid: string): boolean {
    if (!/^UPID:[^:\s]+:[0-9A-F]{8}:[0-9A-F]{8,9}:[0-9A-F]{8}:[^:\s]+:[^:\s]*:[^:\s]+:$/i.test(upid)) {
      throw badParameters({ upid: 'unable to parse worker upid' });
    }
    return this.#file.state.tasks.some((task) => task.upid === upid);
  }

  /** @throws PveFault 400 */
  find(upid: string): TaskRecord {
    this.isKnown(upid);
    const record = this.#file.state.tasks.find((task) => task.upid === upid);
    if (record === undefined) throw badParameters({ upid: 'no such task' });
    return record;
  }

  isRunning(record: TaskRecord): boolean {
    return record.exitstatus === undefined;
  }

  stop(upid: string): void {
    this.#shared.running.get(upid)?.abort();
  }

  /** Of this node. */
  get all(): readonly TaskRecord[] {
    return this.#file.state.tasks.filter(({ upid }) => upid.split(':')[1] === this.#node);
  }

  /** For tests: the next task of this type fails with this message. */
  failNext(type: string, message: string): void {
    this.#shared.failNext.set(type, message);
  }

  /** For tests: the next task of this type takes this much longer, in milliseconds. */
  delayNext(type: string, ms: number): void {
    this.#shared.delays.set(type, ms);
  }

  /** Takes back what `failNext` and `delayNext` asked for and no task has met. */
  clearTrouble(): void {
    this.#shared.failNext.clear();
    this.#shared.delays.clear();
  }
}
