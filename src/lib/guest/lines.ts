import type { SshSession } from '@zebu/kit/ssh';

export interface LinesEnd {
  readonly code: number | null;
  /** The last of what it said on stderr. */
  readonly stderr: string;
}

/** What is kept of stderr: enough for the reason, whatever a program chatters. */
const STDERR_KEPT = 4096;

/**
 * Runs a script in the VM and hands on its output in blocks of whole lines. Nothing is collected, and nothing more is
 * read until `onLines` is done with a block: a slow reader slows the source.
 * @throws UNREACHABLE when the link fails, the signal's reason when it aborts
 */
export async function streamLines(
  session: SshSession,
  script: string,
  signal: AbortSignal,
  onLines: (lines: readonly string[]) => Promise<void> | void,
): Promise<LinesEnd> {
  const running = await session.stream({ line: script }, { signal });
  let stderr = '';
  running.stderr.setEncoding('utf8').on('data', (text: string) => (stderr = (stderr + text).slice(-STDERR_KEPT)));
  running.stream.end();
  let rest = '';
  try {
    for await (const chunk of running.stream.setEncoding('utf8') as AsyncIterable<string>) {
      const cut = chunk.lastIndexOf('\n');
      if (cut < 0) {
        rest += chunk;
        continue;
      }
      const block = rest + chunk.slice(0, cut);
      rest = chunk.slice(cut + 1);
      await onLines(block.split('\n'));
    }
    if (rest !== '') await onLines([rest]);
  } finally {
    running.close();
  }
  const { code } = await running.ended;
  return { code, stderr: stderr.trim() };
}

/** What it said last: the reason, where it failed. Empty where it said nothing. */
export const lastLine = (text: string): string => text.trim().split('\n').at(-1) ?? '';

/** Takes output as it comes, and hands its lines on as they are whole. */
export function eachLine(onLine: (line: string) => void): (text: string) => void {
  let rest = '';
  return (text) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) onLine(line);
  };
}
