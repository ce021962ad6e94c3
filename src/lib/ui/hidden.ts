import { interrupted, ZebuError, type Io } from '@zebu/kit';
import { prompt } from './prompt.js';

/** A value typed without an echo, twice. @throws INTERRUPTED on Ctrl-C, USAGE when the two differ */
async function typed(name: string): Promise<string> {
  const first = await prompt({ type: 'invisible', message: `Value of ${name} (not shown)` });
  if ((await prompt({ type: 'invisible', message: 'Once more' })) !== first)
    throw new ZebuError('USAGE', 'The two values differ; nothing was changed');
  return first;
}

/** Much more than any value may be, so that a mistaken pipe ends. */
const MOST = 1024 * 1024;

/** All of standard input, without the line break an editor or `echo` ends it with. @throws USAGE */
async function piped(signal: AbortSignal): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  const stop = (): void => void process.stdin.destroy(signal.reason instanceof Error ? signal.reason : interrupted());
  signal.addEventListener('abort', stop, { once: true });
  for await (const chunk of process.stdin as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > MOST) throw new ZebuError('USAGE', 'Standard input is far too large for a value');
  }
  signal.removeEventListener('abort', stop);
  const bytes = Buffer.concat(chunks);
  const text = bytes.toString('utf8');
  if (!Buffer.from(text).equals(bytes)) throw new ZebuError('USAGE', 'Standard input is not UTF-8 text');
  return text.replace(/\r?\n$/, '');
}

/** A value from a hidden prompt or standard input, which leave no trace in a history or process list, as an argument does. */
export async function readHidden(io: Io, signal: AbortSignal, name: string): Promise<string> {
  if (io.interactive) return typed(name);
  if (process.stdin.isTTY) {
    throw new ZebuError('USAGE', `The value of ${name} is read from standard input, and that is a terminal`, {
      hint: `Pipe it: zebu secrets:set ${name} < file`,
    });
  }
  return piped(signal);
}
