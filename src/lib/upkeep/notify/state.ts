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
    if (!line.startsWith('receiver=')) return [];
    const [name = '', ...words] = line.slice('receiver='.length).split(' ');
    // As write_state has them, and then how many wait.
    const [ok = Number.NaN, failed = 0, tries = 0, , dropped = 0, , , waiting = Number.NaN] = words
      .slice(0, 8)
      .map(Number);
    if (Number.isNaN(ok) || Number.isNaN(waiting)) return [];
    return [{ name, ok, failed, tries, dropped, waiting, why: words.slice(8).join(' ') }];
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
