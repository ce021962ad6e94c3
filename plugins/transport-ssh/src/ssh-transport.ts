import type { Readable } from 'node:stream';
import {
  isZebuError,
  ZebuError,
  type ExecOptions,
  type ExecResult,
  type HostShell,
  type Io,
  type Transport,
} from '@zebu/kit';
import type { SshSession } from '@zebu/kit/ssh';
import { nodeOfTask, outlivingUs, parseFailure, parseOutput, pveshArgv } from './pvesh.js';

export interface SshTransportOptions {
  readonly session: SshSession;
  readonly io: Io;
  readonly signal: AbortSignal;
  readonly readTimeoutMs: number;
  readonly writeTimeoutMs: number;
}

/** sshd allows ten sessions at a time on one connection unless told otherwise; the rest are for the host shell. */
const PARALLEL = 6;

/** The status a shell gives for a program that is not there. */
const NOT_FOUND = 127;
/** A shell adds it to the number of the signal that ended a program; pvesh's own failures are 255 or below it. */
const SIGNALLED = 128;
const isSignal = (code: number): boolean => code > SIGNALLED && code <= SIGNALLED + 31;

export class SshTransport implements Transport {
  readonly id = 'ssh';
  readonly where: string;
  readonly hostShell: HostShell;
  readonly #options: SshTransportOptions;
  #running = 0;
  readonly #waiting: (() => void)[] = [];
  /** The name of the node we are on. */
  #node: Promise<string | undefined> | undefined;
  readonly #endedWell = new Set<string>();

  constructor(options: SshTransportOptions) {
    const { session } = options;
    this.#options = options;
    this.where = session.where;
    this.hostShell = {
      exec: (argv: readonly string[], exec?: ExecOptions): Promise<ExecResult> => session.exec(argv, exec),
      upload: (path: string, content: Buffer | Readable | string, mode: number) => session.upload(path, content, mode),
    };
  }

  async doRequest(
    method: string,
    path: string,
    _template: string,
    params: Record<string, unknown> = {},
  ): Promise<unknown> {
    const verb = method.toUpperCase();
    const isRead = verb === 'GET';
    const { session, signal, readTimeoutMs, writeTimeoutMs } = this.#options;
    let result: ExecResult;
    await this.#turn();
    try {
      const argv = pveshArgv(verb, path, params);
      result = await session.exec(isRead ? argv : outlivingUs(argv), {
        signal,
        timeoutMs: isRead ? readTimeoutMs : writeTimeoutMs,
      });
    } catch (error) {
      if (isRead) throw error;
      throw outcomeUnknown(verb, path, error);
    } finally {
      this.#running--;
      this.#waiting.shift()?.();
    }
    if (result.code === NOT_FOUND) {
      throw new ZebuError(
        'PROXMOX_REFUSED',
        `${this.where} has no pvesh: it is not a Proxmox VE host, or the login may not use it`,
      );
    }
    if (result.code === null || (!isRead && isSignal(result.code))) {
      const name = result.signal ?? (result.code === null ? 'a signal' : `signal ${result.code - SIGNALLED}`);
      const ended = new ZebuError('UNREACHABLE', `pvesh on ${this.where} was ended by ${name}`);
      throw isRead ? ended : outcomeUnknown(verb, path, ended);
    }
    if (result.code !== 0) throw parseFailure(verb, path, result.stderr);
    if (result.stderr.trim() !== '') this.#options.io.debug(() => `pvesh: ${result.stderr.trim()}`);
    const output = parseOutput(result.stdout);
    if (output === undefined) {
      throw new ZebuError('PROXMOX_REFUSED', `pvesh on ${this.where} printed something that is not JSON`, {
        details: { output: result.stdout.slice(0, 500) },
      });
    }
    if (result.stderr === '') await this.#noteEnd(output.data);
    return output.data;
  }

  endedWell(upid: string): boolean {
    return this.#endedWell.has(upid);
  }

  /**
   * pvesh stays until the task it started has ended, and says on stderr what was wrong with it; another start of pvesh, to
   * ask for the status, costs up to a second on a real host. Of a task that pvesh had another node do, its silence
   * proves nothing: there it swallows the last line of what went wrong.
   */
  async #noteEnd(data: unknown): Promise<void> {
    const node = nodeOfTask(data);
    if (typeof data === 'string' && node !== undefined && node === (await this.#ownNode())) this.#endedWell.add(data);
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

  async close(): Promise<void> {
    await this.#options.session.close();
  }
}

function outcomeUnknown(method: string, path: string, cause: unknown): ZebuError {
  const reason = isZebuError(cause) ? cause.message : 'the connection was lost';
  return new ZebuError(
    'OUTCOME_UNKNOWN',
    `The answer to ${method} ${path.replace(/^\/api2\/json/, '')} was lost: ${reason}`,
    {
      hint: 'It may have been carried out, so it was not sent again. Run the same command again: it looks before it acts.',
      cause,
    },
  );
}
