import { connect, type Socket } from 'node:net';

/** Nobody listens, or nobody answered in time. */
export class NoAnswer extends Error {
  override readonly name = 'NoAnswer';
}

/** The kernel's limit for the path of a unix socket, without the closing NUL. */
export const SOCKET_PATH_MAX = 107;

/**
 * One connection to a unix socket that speaks JSON, a message a line. Reads are pulled: `next` gives the next line or
 * rejects at the deadline.
 */
export class LineSocket {
  readonly #socket: Socket;
  readonly #deadline: number;
  readonly #lines: Buffer[] = [];
  #rest: Buffer = Buffer.alloc(0);
  #wake: (() => void) | undefined;
  #ended: Error | undefined;

  private constructor(socket: Socket, deadline: number) {
    this.#socket = socket;
    this.#deadline = deadline;
    socket.on('data', (chunk: Buffer) => {
      this.#take(chunk);
    });
    socket.on('error', (error) => {
      this.#end(new NoAnswer(error.message));
    });
    socket.on('close', () => {
      this.#end(new NoAnswer('the other side closed the connection'));
    });
  }

  /** @param timeoutMs for the whole conversation, connecting included. */
  static async open(path: string, timeoutMs: number): Promise<LineSocket> {
    const deadline = Date.now() + timeoutMs;
    const socket = connect(path);
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => {
        socket.destroy();
        reject(new NoAnswer('nobody accepted the connection in time'));
      }, timeoutMs);
      socket.once('connect', () => {
        clearTimeout(timer);
        resolve();
      });
      socket.once('error', (error) => {
        clearTimeout(timer);
        reject(new NoAnswer(error.message));
      });
    });
    socket.removeAllListeners('error');
    return new LineSocket(socket, deadline);
  }

  send(bytes: Buffer | string): void {
    this.#socket.write(bytes);
  }

  /** The next line without its newline. Rejects with NoAnswer. */
  async next(): Promise<Buffer> {
    for (;;) {
      const line = this.#lines.shift();
      if (line !== undefined) return line;
      if (this.#ended !== undefined) throw this.#ended;
      const left = this.#deadline - Date.now();
      if (left <= 0) throw new NoAnswer('got no answer in time');
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  close(): void {
    this.#socket.destroy();
  }

  #take(chunk: Buffer): void {
    let rest = Buffer.concat([this.#rest, chunk]);
    for (let at = rest.indexOf(10); at >= 0; at = rest.indexOf(10)) {
      this.#lines.push(rest.subarray(0, at));
      rest = rest.subarray(at + 1);
    }
    this.#rest = rest;
    this.#wake?.();
  }

  #end(error: Error): void {
    this.#ended ??= error;
    this.#wake?.();
  }
}

const queues = new Map<string, Promise<unknown>>();

/** QEMU and the agent talk to one peer at a time: calls to the same socket wait for each other, first come first. */
export async function oneAtATime<T>(path: string, work: () => Promise<T>): Promise<T> {
  const before = queues.get(path) ?? Promise.resolve();
  const mine = before.then(work, work);
  const settled = mine.catch(() => undefined);
  queues.set(path, settled);
  try {
    return await mine;
  } finally {
    if (queues.get(path) === settled) queues.delete(path);
  }
}
