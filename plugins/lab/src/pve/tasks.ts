import type { Caller } from './access.js';
import { badParameters } from './fault.js';
import type { StateFile, TaskRecord } from './state.js';

/** What the work of a task may do with it. */
export interface TaskHandle {
  readonly log: (line: string) => void;
  /** Aborts when somebody stops the task. */
  readonly signal: AbortSignal;
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
  start(type: string, id: string, caller: Caller, work: (task: TaskHandle) => Promise<void>): string {
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
    void this.#run(record, abort, work);
    return upid;
  }

  async #run(record: TaskRecord, abort: AbortController, work: (task: TaskHandle) => Promise<void>): Promise<void> {
    record.startedAt = Date.now();
    const log = (line: string): void => {
      if (record.log.length < KEPT_LINES) record.log.push(line);
    };
    try {
      await new Promise((resolve) => setTimeout(resolve, FORK_MS + (this.#shared.delays.get(record.type) ?? 0)));
      this.#shared.delays.delete(record.type);
      const injected = this.#shared.failNext.get(record.type);
      this.#shared.failNext.delete(record.type);
      if (injected !== undefined) throw new Error(injected);
      abort.signal.throwIfAborted();
      await work({ log, signal: abort.signal });
      record.exitstatus = 'OK';
      log('TASK OK');
    } catch (error) {
      const message = abort.signal.aborted ? 'interrupted by signal' : (error as Error).message.trim();
      record.exitstatus = message;
      log(`TASK ERROR: ${message}`);
    }
    record.endtime = Math.floor(Date.now() / 1000);
    record.endedAt = Date.now();
    this.#shared.running.delete(record.upid);
    this.#file.save();
  }

  /** @throws PveFault 400 */
  find(upid: string): TaskRecord {
    if (!/^UPID:[^:\s]+:[0-9A-F]{8}:[0-9A-F]{8,9}:[0-9A-F]{8}:[^:\s]+:[^:\s]*:[^:\s]+:$/i.test(upid)) {
      throw badParameters({ upid: 'unable to parse worker upid' });
    }
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
}
