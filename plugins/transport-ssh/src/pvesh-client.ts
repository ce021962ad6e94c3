import { isZebuError, ZebuError, type ExecResult, type Io } from '@zebu/kit';
import { outcomeUnknown } from '@zebu/kit/rest';
import type { SshSession } from '@zebu/kit/ssh';
import { outlivingUs, parseFailure, parseOutput, pveshArgv, taskEnded } from './pvesh.js';

export interface PveshOptions {
  readonly session: SshSession;
  readonly io: Io;
  readonly signal: AbortSignal;
  readonly readTimeoutMs: number;
  /** pvesh stays until the task it started has ended. */
  readonly writeTimeoutMs: number;
}

/** sshd allows ten sessions at a time on one connection unless told otherwise; the rest are for the host shell. */
const PARALLEL = 6;

/** The status a shell gives for a program that is not there. */
const NOT_FOUND = 127;
/** A shell adds it to the number of the signal that ended a program; pvesh's own failures are 255 or below it. */
const SIGNALLED = 128;
const isSignal = (code: number): boolean => code > SIGNALLED && code <= SIGNALLED + 31;

/** Every request is a start of `pvesh`: slow, and it says some things in ways of its own. For hosts with no other way in. */
export class PveshClient {
  readonly #options: PveshOptions;
  #running = 0;
  readonly #waiting: (() => void)[] = [];
  /** The name of the node we are on. */
  #node: Promise<string | undefined> | undefined;
  readonly #endedWell = new Set<string>();

  constructor(options: PveshOptions) {
    this.#options = options;
  }

  async doRequest(method: string, path: string, params: Readonly<Record<string, unknown>> = {}): Promise<unknown> {
    const verb = method.toUpperCase();
    const isRead = verb === 'GET';
    const { session, io } = this.#options;
    const result = await this.#run(verb, path, params);
    if (result.code === NOT_FOUND) {
      throw new ZebuError(
        'PROXMOX_REFUSED',
        `${session.where} has no pvesh: it is not a Proxmox VE host, or the login may not use it`,
      );
    }
    if (result.code === null || (!isRead && isSignal(result.code))) {
      const name = result.signal ?? (result.code === null ? 'a signal' : `signal ${result.code - SIGNALLED}`);
      const trouble = `pvesh on ${session.where} was ended by ${name}`;
      throw isRead ? new ZebuError('UNREACHABLE', trouble) : outcomeUnknown(verb, path, trouble);
    }
    if (result.code !== 0) throw parseFailure(verb, path, result.stderr);
    if (result.stderr.trim() !== '') io.debug(() => `pvesh: ${result.stderr.trim()}`);
    const output = parseOutput(result.stdout);
    if (output.text !== '') io.debug(() => `pvesh: ${output.text}`);
    // Handlers print what they do: of a change that was made, that is no error.
    if (isRead && output.data === undefined && output.text !== '') {
      throw new ZebuError('PROXMOX_REFUSED', `pvesh on ${session.where} printed something that is not JSON`, {
        details: { output: result.stdout.slice(0, 500) },
      });
    }
    const data = output.data ?? null;
    if (result.stderr === '') await this.#noteEnd(data);
    return data;
  }

  endedWell(upid: string): boolean {
    return this.#endedWell.has(upid);
  }

  async #run(verb: string, path: string, params: Readonly<Record<string, unknown>>): Promise<ExecResult> {
    const { session, signal, readTimeoutMs, writeTimeoutMs } = this.#options;
    const isRead = verb === 'GET';
    await this.#turn();
    try {
      const argv = pveshArgv(verb, path, params);
      return await session.exec(isRead ? argv : outlivingUs(argv), {
        signal,
        timeoutMs: isRead ? readTimeoutMs : writeTimeoutMs,
      });
    } catch (error) {
      if (isRead) throw error;
      throw outcomeUnknown(verb, path, isZebuError(error) ? error.message : 'the connection was lost', error);
    } finally {
      this.#running--;
      this.#waiting.shift()?.();
    }
  }

  /**
   * pvesh says on stderr what was wrong with the task it started; another start of pvesh, to ask for the status, costs up to
   * a second on a real host. Of a task that pvesh had another node do, its silence proves nothing: there it swallows the
   * last line of what went wrong.
   */
  async #noteEnd(data: unknown): Promise<void> {
    const task = taskEnded(data);
    if (task !== undefined && task.node === (await this.#ownNode())) this.#endedWell.add(task.upid);
  }

  /** Undefined when it cannot be told. */
  #ownNode(): Promise<string | undefined> {
    const { session, signal, readTimeoutMs } = this.#options;
    this.#node ??= session.exec(['uname', '-n'], { signal, timeoutMs: readTimeoutMs }).then(
      ({ stdout }) => stdout.trim().split('.')[0],
      () => undefined,
    );
    return this.#node;
  }

  async #turn(): Promise<void> {
    while (this.#running >= PARALLEL) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#running++;
  }
}
