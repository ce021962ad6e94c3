import { variables } from '@zebu/kit';
import type { Context } from '../context/context.js';
import { runAsRoot } from '../guest/as-root.js';
import TAKE from './take-identity.sh';
import type { Machines } from './trees.js';

const MS = 60_000;

/** The new machine has the id of the old one from its next boot on, so that DHCP takes it for that. @throws VM_NOT_READY */
export async function takeIdentity({ io, signal }: Context, { from, to }: Machines): Promise<void> {
  const { stdout } = await from.exec(['cat', '/etc/machine-id'], { signal, timeoutMs: MS });
  await runAsRoot(to, variables({ id: stdout.trim() }) + TAKE, { io, signal, timeoutMs: MS });
}
