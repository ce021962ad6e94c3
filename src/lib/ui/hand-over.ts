import type { RemoteProcess } from '@zebu/kit/ssh';
import type { PseudoTerminal } from '@zebu/kit/ssh';

/** The terminal a command was started on; undefined unless input and output are both one. */
export function ownTerminal(term: string | undefined): PseudoTerminal | undefined {
  const { stdin, stdout } = process;
  if (!stdin.isTTY || !stdout.isTTY) return undefined;
  return { term: term ?? 'xterm', columns: stdout.columns || 80, rows: stdout.rows || 24 };
}

/**
 * Gives this process's standard streams to a remote process until it ends. On a terminal every key goes there, Ctrl-C
 * included, and the window's size follows. Bytes pass as they are: what is handed over is not ours to redact.
 * @returns its exit status; null when a signal ended it
 */
export async function handOver(remote: RemoteProcess, terminal: boolean): Promise<number | null> {
  const { stdin, stdout, stderr } = process;
  const resize = (): void => remote.resize(stdout.columns, stdout.rows);
  if (terminal) {
    stdin.setRawMode(true);
    stdout.on('resize', resize);
  }
  // A process that ends without reading its input has its own exit status to tell.
  remote.stream.on('error', () => {});
  stdin.pipe(remote.stream);
  remote.stream.pipe(stdout, { end: false });
  remote.stderr.pipe(stderr, { end: false });
  try {
    return (await remote.ended).code;
  } finally {
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
