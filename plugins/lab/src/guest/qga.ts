import { randomInt } from 'node:crypto';

import type { AgentChannel } from './backend.js';
import { LineSocket, NoAnswer, oneAtATime } from './line-socket.js';

/** No agent answers: not started yet, not installed, or hung. */
export class AgentDown extends Error {
  override readonly name = 'AgentDown';
}

/** The agent answered with an error; `message` is its `desc`. */
export class AgentRefused extends Error {
  override readonly name = 'AgentRefused';
  readonly errorClass: string;

  constructor(errorClass: string, description: string) {
    super(description);
    this.errorClass = errorClass;
  }
}

/** 0xFF makes the agent forget half a message of whoever spoke before us, and precedes its answer to this command. */
const SENTINEL = 0xff;

/** The bytes that begin a conversation. */
export function syncRequest(id: number): Buffer {
  const request = JSON.stringify({ execute: 'guest-sync-delimited', arguments: { id } });
  return Buffer.concat([Buffer.of(SENTINEL), Buffer.from(`${request}\n`)]);
}

/** True for the line that answers our own synchronisation; lines left over from an earlier caller are not it. */
export function isSyncAnswer(line: Buffer, id: number): boolean {
  const start = line.lastIndexOf(SENTINEL);
  if (start < 0) return false;
  try {
    return (JSON.parse(line.subarray(start + 1).toString()) as { return?: unknown }).return === id;
  } catch {
    return false;
  }
}

/** An agent behind a unix socket: QEMU's end of the virtio-serial port, or a `qemu-ga` that listens itself. */
export class SocketAgent implements AgentChannel {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  /** @throws AgentDown, AgentRefused */
  async call(command: string, args?: Record<string, unknown>, timeoutMs = 10_000): Promise<unknown> {
    return oneAtATime(this.#path, async () => {
      try {
        return await converse(this.#path, command, args, timeoutMs);
      } catch (error) {
        if (error instanceof NoAnswer) throw new AgentDown(`guest agent: ${error.message}`);
        throw error;
      }
    });
  }
}

async function converse(
  path: string,
  command: string,
  args: Record<string, unknown> | undefined,
  timeoutMs: number,
): Promise<unknown> {
  const socket = await LineSocket.open(path, timeoutMs);
  try {
    const id = randomInt(1, 2 ** 31);
    socket.send(syncRequest(id));
    while (!isSyncAnswer(await socket.next(), id));
    socket.send(`${JSON.stringify({ execute: command, ...(args !== undefined && { arguments: args }) })}\n`);
    // These never answer when they work: the guest is gone before it could.
    if (command === 'guest-shutdown' || command.startsWith('guest-suspend-')) return await silence(socket);
    return answer(await socket.next());
  } finally {
    socket.close();
  }
}

async function silence(socket: LineSocket): Promise<unknown> {
  const line = await Promise.race([
    socket.next().catch(() => undefined),
    new Promise<undefined>((resolve) => setTimeout(resolve, 1500, undefined)),
  ]);
  return line === undefined ? {} : answer(line);
}

function answer(line: Buffer): unknown {
  const message = JSON.parse(line.toString()) as { return?: unknown; error?: { class: string; desc: string } };
  if (message.error !== undefined) throw new AgentRefused(message.error.class, message.error.desc);
  return message.return;
}
