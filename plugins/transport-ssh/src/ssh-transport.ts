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
import { outlivingUs, parseFailure, parseOutput, pveshArgv } from './pvesh.js';

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
    return output.data;
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
