import { randomBytes } from 'node:crypto';
import type { Duplex, Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { StringDecoder } from 'node:string_decoder';
import type { Client, ClientChannel } from 'ssh2';
import { interrupted, ZebuError } from '../errors.js';
import { handledLater } from '../handled-later.js';
import { commandLine, sh } from '../quote.js';
import type { ExecOptions, ExecResult } from '../transport.js';

/** An argv array, or a line already built by the quoting of the kit (`sh`, `commandLine`). */
export type RemoteCommand = readonly string[] | { readonly line: string };

/** The terminal a remote process is to believe it runs on. */
export interface PseudoTerminal {
  /** As in $TERM. */
  readonly term: string;
  readonly columns: number;
  readonly rows: number;
}

export interface StreamOptions {
  readonly signal?: AbortSignal | undefined;
  readonly pty?: PseudoTerminal | undefined;
}

export interface RemoteProcess {
  /** stdin to write to, stdout to read from; with backpressure. */
  readonly stream: Duplex;
  /** Decoded as it comes; never collected. */
  readonly stderr: Readable;
  /** Resolves for every exit status; rejects when the link fails. */
  readonly ended: Promise<{ readonly code: number | null; readonly signal: string | null }>;
  /** Closes the channel; a remote process on a pseudo terminal gets SIGHUP, another one end of file. */
  close(): void;
  /** Tells a remote process on a pseudo terminal how large the window is now. */
  resize(columns: number, rows: number): void;
}

export interface SshSession {
  /** `user@host:port`, for messages. */
  readonly where: string;
  exec(command: RemoteCommand, options?: ExecOptions): Promise<ExecResult>;
  /** For what is too large or too long to collect. */
  stream(command: RemoteCommand, options?: StreamOptions): Promise<RemoteProcess>;
  /** Atomic: a temporary file beside it, mode set before content, then renamed. One round trip. */
  upload(path: string, content: Buffer | Readable | string, mode: number): Promise<void>;
  forwardOut(host: string, port: number): Promise<Duplex>;
  close(): Promise<void>;
}

export function remoteLine(command: RemoteCommand): string {
  return 'line' in command ? command.line : commandLine(command);
}

/** One authenticated connection; every call is a channel on it. */
export class ConnectedSession implements SshSession {
  readonly where: string;
  readonly #client: Client;
  readonly #end: () => void;
  /** Set once the connection is gone, with the reason; channels alone would just end without a status. */
  #lost: Error | undefined;

  constructor(where: string, client: Client, end: () => void) {
    this.where = where;
    this.#client = client;
    this.#end = end;
    // Without a listener a reset connection would end the whole process.
    client.on('error', (error) => (this.#lost ??= error));
    client.on('close', () => (this.#lost ??= new Error('connection closed')));
  }

  #linkError(doing: string): ZebuError {
    return new ZebuError('UNREACHABLE', `The connection to ${this.where} was lost while ${doing}`, {
      cause: this.#lost,
    });
  }

  #channel(line: string, pty: PseudoTerminal | undefined): Promise<ClientChannel> {
    return new Promise((resolve, reject) => {
      if (this.#lost !== undefined) {
        reject(this.#linkError('starting a command'));
        return;
      }
      const options = pty === undefined ? {} : { pty: { term: pty.term, cols: pty.columns, rows: pty.rows } };
      this.#client.exec(line, options, (error, channel) => {
        if (error === undefined) resolve(channel);
        else if (this.#lost !== undefined) reject(this.#linkError('starting a command'));
        else {
          const hint = 'Its sshd allows too few sessions at a time on one connection: see MaxSessions in sshd_config.';
          reject(new ZebuError('UNREACHABLE', `${this.where} starts no command: ${error.message}`, { hint }));
        }
      });
    });
  }

  async stream(command: RemoteCommand, options: StreamOptions = {}): Promise<RemoteProcess> {
    const { signal, pty } = options;
    signal?.throwIfAborted();
    const channel = await this.#channel(remoteLine(command), pty).catch((error: Error) => {
      throw signal?.aborted === true && signal.reason instanceof Error ? signal.reason : error;
    });
    const ended = new Promise<{ code: number | null; signal: string | null }>((resolve, reject) => {
      const stop = (): void => {
        channel.close();
        // sshd keeps its end open until the remote process has ended, which may be never.
        reject(signal?.reason instanceof Error ? signal.reason : interrupted());
      };
      signal?.addEventListener('abort', stop, { once: true });
      // It may have aborted while the channel was being opened, and does so only once.
      if (signal?.aborted === true) stop();
      // It says again what `exit` said; that comes too early to be heard of a command that ends at once, when its start and
      // its end arrive in one read.
      channel.on('close', (code?: number | null, name?: string) => {
        signal?.removeEventListener('abort', stop);
        if (code !== undefined) resolve({ code, signal: name ?? null });
        // A channel that ends without a status was cut off with the link.
        else reject(this.#linkError('running a command'));
      });
    });
    // Where only the stream is read, nobody awaits it.
    void handledLater(ended);
    const resize = (columns: number, rows: number): void => channel.setWindow(rows, columns, 0, 0);
    return { stream: channel, stderr: channel.stderr, ended, close: () => channel.close(), resize };
  }

  async exec(command: RemoteCommand, options: ExecOptions = {}): Promise<ExecResult> {
    const limit = options.timeoutMs === undefined ? undefined : AbortSignal.timeout(Math.ceil(options.timeoutMs));
    const signals = [options.signal, limit].filter((signal) => signal !== undefined);
    const running = await this.stream(command, signals.length === 0 ? {} : { signal: AbortSignal.any(signals) });
    const stdout = collect(running.stream, options.onStdout);
    const stderr = collect(running.stderr, options.onStderr);
    try {
      const fed = feed(running.stream, options.stdin);
      const { code, signal } = await running.ended;
      await fed;
      return { code, signal, stdout: await stdout, stderr: await stderr };
    } catch (error) {
      if (limit?.aborted === true && options.signal?.aborted !== true) {
        const seconds = Math.round((options.timeoutMs ?? 0) / 1000);
        throw new ZebuError('UNREACHABLE', `${this.where} did not finish a command within ${seconds} s`, {
          cause: error,
        });
      }
      throw error;
    }
  }

  async upload(path: string, content: Buffer | Readable | string, mode: number): Promise<void> {
    const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`;
    const octal = mode.toString(8).padStart(4, '0');
    const line = sh`umask 077 && cat > ${temporary} && chmod ${octal} ${temporary} && mv -f ${temporary} ${path} || { rm -f ${temporary}; exit 1; }`;
    const { code, stderr } = await this.exec({ line }, { stdin: content });
    if (code !== 0) {
      throw new ZebuError(
        'UNREACHABLE',
        `${path} could not be written on ${this.where}: ${stderr.trim() || `exit status ${code}`}`,
      );
    }
  }

  forwardOut(host: string, port: number): Promise<Duplex> {
    return new Promise((resolve, reject) => {
      this.#client.forwardOut('127.0.0.1', 0, host, port, (error, channel) => {
        if (error === undefined) resolve(channel);
        else {
          reject(
            new ZebuError('UNREACHABLE', `${this.where} cannot reach ${host}:${port}: ${error.message}`, {
              cause: error,
            }),
          );
        }
      });
    });
  }

  async close(): Promise<void> {
    this.#end();
  }
}

/** Reads a stream to its end: decoded across chunk borders, handed on as it comes or collected. */
function collect(stream: Readable, onText?: (text: string) => void): Promise<string> {
  const decoder = new StringDecoder('utf8');
  const parts: string[] = [];
  const take = (text: string): void => {
    if (text === '') return;
    if (onText === undefined) parts.push(text);
    else onText(text);
  };
  return new Promise((resolve) => {
    const finish = (): void => {
      take(decoder.end());
      resolve(parts.join(''));
    };
    stream.on('data', (chunk: Buffer) => take(decoder.write(chunk)));
    stream.once('end', finish).once('close', finish).once('error', finish);
  });
}

/** Writes standard input and closes it. A process that ends without reading it all has its own exit status to tell. */
async function feed(stream: Duplex, stdin: ExecOptions['stdin']): Promise<void> {
  if (stdin === undefined || typeof stdin === 'string' || Buffer.isBuffer(stdin)) {
    stream.on('error', () => {});
    stream.end(stdin);
    return;
  }
  await pipeline(stdin, stream).catch(() => {});
}
