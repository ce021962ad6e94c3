import type { Context } from '../context/context.js';
import { makeClient, type ProxmoxClient } from '../proxmox/client.js';
import { connectTransport } from '../providers/connect.js';

/**
 * Handing over, and going back, come to an end also after Ctrl-C: half of either would leave nobody who serves. So they have a
 * connection of their own, and a limit of their own.
 */
const LIMIT_MS = 3_600_000;

export async function steadily<T>(
  context: Context,
  work: (context: Context, client: ProxmoxClient) => Promise<T>,
): Promise<T> {
  const closers: (() => Promise<void> | void)[] = [];
  const bare: Context = {
    ...context,
    signal: AbortSignal.timeout(LIMIT_MS),
    onClose: (close) => void closers.push(close),
  };
  const transport = await connectTransport(bare);
  const own: Context = { ...bare, transport: () => Promise.resolve(transport) };
  const tell = (): void =>
    context.io.note(
      'Interrupted while the address is handed over: that comes to its end first, so that somebody serves',
    );
  context.signal.addEventListener('abort', tell, { once: true });
  try {
    return await work(own, await makeClient(transport, context.io));
  } finally {
    context.signal.removeEventListener('abort', tell);
    for (const close of closers) await Promise.resolve(close()).catch(() => undefined);
    await transport.close();
  }
}
