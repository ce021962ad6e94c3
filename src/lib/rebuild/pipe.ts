import { ZebuError } from '@zebu/kit';
import type { RemoteProcess, SshSession } from '@zebu/kit/ssh';
import type { Context } from '../context/context.js';
import { lastLine } from '../guest/lines.js';

/** Nothing moved for so long: something is in the way. */
const STILL_MS = 180_000;

/** Everything was read: what is left to do for who takes it is out of sight. */
const END_MS = 3_600_000;

interface End {
  readonly session: SshSession;
  readonly line: string;
}

/**
 * What a program in one machine writes goes to one in the other, through here.
 * @param onBytes with all so far
 * @param fine exit statuses of the first that are none of a failure
 * @param stillMs how long nothing may move: longer where one of them has work to do before
 * @throws VM_NOT_READY
 */
export async function pipe(
  context: Context,
  what: string,
  ends: { readonly from: End; readonly to: End },
  {
    onBytes = () => {},
    fine = [0],
    stillMs = STILL_MS,
  }: {
    readonly onBytes?: (bytes: number) => void;
    readonly fine?: readonly number[];
    readonly stillMs?: number;
  } = {},
): Promise<number> {
  const { signal } = context;
  // First who reads: what is short has come to its end before a second one is open.
  const target = await ends.to.session.stream({ line: ends.to.line }, { signal });
  const source = await ends.from.session.stream({ line: ends.from.line }, { signal });
  const said = { from: '', to: '' };
  const listen = (process: RemoteProcess, key: 'from' | 'to'): void => {
    process.stderr.setEncoding('utf8').on('data', (text: string) => (said[key] = (said[key] + text).slice(-4000)));
  };
  listen(source, 'from');
  listen(target, 'to');
  let bytes = 0;
  let moved = Date.now();
  source.stream.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    moved = Date.now();
    onBytes(bytes);
  });
  target.stream.on('drain', () => (moved = Date.now()));
  source.stream.pipe(target.stream);
  // Who reads may have enough before the end is there: what is left still has to be taken, or the other never ends.
  target.stream.once('close', () => source.stream.resume());
  // Its own standard output has nothing to say, and would hold the channel open.
  target.stream.resume();
  let limit = stillMs;
  source.stream.once('end', () => {
    limit = END_MS;
    moved = Date.now();
  });
  let still = false;
  const watch = setInterval(() => {
    if (Date.now() - moved < limit) return;
    still = true;
    source.close();
    target.close();
  }, 5000);
  try {
    const [from, to] = await Promise.all([source.ended, target.ended]);
    if (still)
      throw new ZebuError('VM_NOT_READY', `Nothing of ${what} moved for ${limit / 1000} s`, {
        hint: 'Look at the line to both machines, and try again.',
      });
    if (to.code !== 0)
      throw new ZebuError(
        'VM_NOT_READY',
        `${what} could not be put into the new VM: ${lastLine(said.to) || `status ${to.code ?? 'none'}`}`,
      );
    if (from.code === null || !fine.includes(from.code))
      throw new ZebuError(
        'VM_NOT_READY',
        `${what} could not be read in the old VM: ${lastLine(said.from) || `status ${from.code ?? 'none'}`}`,
      );
    return bytes;
  } finally {
    clearInterval(watch);
  }
}
