import { LineSocket, oneAtATime } from './line-socket.js';

/** QEMU understood the command and refused it. */
class QmpRefused extends Error {
  override readonly name = 'QmpRefused';
  readonly errorClass: string;

  constructor(errorClass: string, description: string) {
    super(description);
    this.errorClass = errorClass;
  }
}

export interface QmpCommand {
  readonly execute: string;
  readonly arguments?: Readonly<Record<string, unknown>>;
}

/**
 * Runs one QMP command over a connection of its own and gives its `return`. Events in between are dropped: the lab asks
 * for the state it needs.
 * @throws QmpRefused, or NoAnswer when QEMU is gone or does not answer within `timeoutMs`.
 */
export async function qmp(path: string, command: QmpCommand, timeoutMs = 10_000): Promise<unknown> {
  return oneAtATime(path, async () => {
    const socket = await LineSocket.open(path, timeoutMs);
    try {
      await socket.next(); // the greeting
      await ask(socket, { execute: 'qmp_capabilities' });
      return await ask(socket, command);
    } finally {
      socket.close();
    }
  });
}

async function ask(socket: LineSocket, command: QmpCommand): Promise<unknown> {
  socket.send(`${JSON.stringify(command)}\n`);
  for (;;) {
    const message = JSON.parse((await socket.next()).toString()) as {
      return?: unknown;
      error?: { class: string; desc: string };
    };
    if (message.error !== undefined) throw new QmpRefused(message.error.class, message.error.desc);
    if ('return' in message) return message.return;
  }
}
