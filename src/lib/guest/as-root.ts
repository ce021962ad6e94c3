import { ZebuError, type Io } from '@zebu/kit';
import type { SshSession } from '@zebu/kit/ssh';
import AS_ROOT from './as-root.sh';

export interface RootOptions {
  readonly io: Io;
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
}

/**
 * Runs a script in the VM as root, from its standard input: nothing of it is in a process list.
 * @returns its standard output
 * @throws VM_NOT_READY when it failed, unless it said `checked=1`
 */
export async function runAsRoot(session: SshSession, script: string, options: RootOptions): Promise<string> {
  const { signal, timeoutMs } = options;
  const { stdout, stderr, code } = await session.exec({ line: AS_ROOT }, { stdin: script, signal, timeoutMs });
  options.io.debug(() => `as root: ${stdout.trim()} ${stderr.trim()}`);
  if (stdout.includes('checked=1') || code === 0) return stdout;
  throw new ZebuError('VM_NOT_READY', `The VM could not be looked at as root: ${stderr.trim() || `status ${code}`}`, {
    hint: 'The deploy user needs sudo without a password, as cloud images give it to their first user.',
  });
}
