import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import { type Io } from '@zebu/kit';
import { printable, write } from '@zebu/kit/core';
import type { PseudoTerminal, RemoteProcess } from '@zebu/kit/ssh';

/** The terminal a command was started on; undefined unless input and output are both one. */
export function ownTerminal(term: string | undefined): PseudoTerminal | undefined {
  const { stdin, stdout } = process;
  if (!stdin.isTTY || !stdout.isTTY) return undefined;
  return { term: term ?? 'xterm', columns: stdout.columns || 80, rows: stdout.rows || 24 };
}

/** What a program that was given no terminal prints must not drive ours. */
function show(from: Readable, to: NodeJS.WriteStream): void {
  if (!to.isTTY) {
    from.pipe(to, { end: false });
    return;
  }
  const decoder = new StringDecoder();
  from.on('data', (bytes: Buffer) => void write(to, printable(decoder.write(bytes))));
}

/**
 * Gives this process's standard streams to a remote process until it ends. With a terminal of its own every key goes there,
 * Ctrl-C included, the window's size follows, and all that it prints reaches ours, as it has to. Without, bytes pass as they
 * are into pipes and files, as what is handed over is not ours to redact; a terminal gets what may be shown, and the runner of
 * GitHub Actions takes nothing of it for a command.
 * @returns its exit status; null when a signal ended it
 */
export async function handOver(
  remote: RemoteProcess,
  terminal: boolean,
  io: Pick<Io, 'stopCommands'>,
): Promise<number | null> {
  const { stdin, stdout, stderr } = process;
  const resize = (): void => remote.resize(stdout.columns, stdout.rows);
  if (terminal) {
    stdin.setRawMode(true);
    stdout.on('resize', resize);
  }
  // A process that ends without reading its input has its own exit status to tell.
  remote.stream.on('error', () => {});
  const resume = io.stopCommands();
  stdin.pipe(remote.stream);
  if (terminal) remote.stream.pipe(stdout, { end: false });
  else show(remote.stream, stdout);
  show(remote.stderr, stderr);
  try {
    return (await remote.ended).code;
  } finally {
    resume();
    stdin.unpipe(remote.stream);
    stdin.pause();
    if (terminal) {
      stdin.setRawMode(false);
      stdout.off('resize', resize);
    }
  }
}

export interface Captured {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The same under `--json`, whose stdout is the envelope: what it prints is collected. Input comes from a pipe only. */
export async function capture(remote: RemoteProcess): Promise<Captured> {
  const output = { stdout: '', stderr: '' };
  remote.stream.on('error', () => {});
  remote.stream.setEncoding('utf8').on('data', (text: string) => (output.stdout += text));
  remote.stderr.setEncoding('utf8').on('data', (text: string) => (output.stderr += text));
  if (process.stdin.isTTY) remote.stream.end();
  else process.stdin.pipe(remote.stream);
  try {
    const { code } = await remote.ended;
    return { code, ...output };
  } finally {
    process.stdin.unpipe(remote.stream);
    process.stdin.pause();
  }
}
