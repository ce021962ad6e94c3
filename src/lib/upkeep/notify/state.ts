import { variables } from '@zebu/kit';
import type { SshSession } from '@zebu/kit/ssh';
import STATE from './state.sh';

/** How it stands with a receiver in the VM. */
export interface ReceiverState {
  readonly name: string;
  /** Unix times in seconds of the last message that arrived, and of the last that did not; 0 for none. */
  readonly ok: number;
  readonly failed: number;
  /** Attempts that failed since one arrived. */
  readonly tries: number;
  readonly dropped: number;
  readonly waiting: number;
  /** Why the last one failed; empty when it arrived. */
  readonly why: string;
}

export function parseReceiverStates(stdout: string): readonly ReceiverState[] {
  return stdout.split('\n').flatMap((line) => {
    const found = /^receiver=(\S+) (\d+) (\d+) (\d+) \d+ (\d+) \d+ \d+ (\d+) ?(.*)$/.exec(line);
    if (found === null) return [];
    const [, name = '', ok, failed, tries, dropped, waiting, why = ''] = found;
    const numbers = { ok: Number(ok), failed: Number(failed), tries: Number(tries) };
    return [{ name, ...numbers, dropped: Number(dropped), waiting: Number(waiting), why }];
  });
}

export async function receiverStates(
  session: SshSession,
  base: string,
  options: { readonly signal: AbortSignal; readonly timeoutMs: number },
): Promise<readonly ReceiverState[]> {
  const { stdout } = await session.exec({ line: variables({ base }) + STATE }, options);
  return parseReceiverStates(stdout);
}
