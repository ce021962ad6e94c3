import { watchFile, unwatchFile } from 'node:fs';
import { mkdir, open, rm, stat } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { dirname } from 'node:path';

/**
 * A serial port as a socket that sends the guest's output from now on, to one listener at a time, as QEMU's `socket`
 * port does. The guest itself writes to a file, whose growing end is sent.
 */
export class SerialPort {
  readonly #path: string;
  readonly #log: string;
  readonly #isRunning: () => Promise<boolean>;
  #listener: Socket | undefined;

  constructor(path: string, log: string, isRunning: () => Promise<boolean>) {
    this.#path = path;
    this.#log = log;
    this.#isRunning = isRunning;
  }

  async open(): Promise<void> {
    await mkdir(dirname(this.#path), { recursive: true });
    await rm(this.#path, { force: true });
    const server = createServer((socket) => {
      socket.on('error', () => {});
      // Further listeners wait, as with QEMU.
      if (this.#listener === undefined) this.#serve(socket).catch(() => socket.destroy());
    });
    server.unref();
    server.on('error', () => {});
    server.listen(this.#path);
  }

  async #serve(socket: Socket): Promise<void> {
    if (!(await this.#isRunning())) {
      socket.destroy();
      return;
    }
    this.#listener = socket;
    let position = (await stat(this.#log)).size;
    let reading = Promise.resolve();
    const pass = async (): Promise<void> => {
      const file = await open(this.#log, 'r');
      try {
        const { size } = await file.stat();
        if (size < position) position = 0; // a new start of the guest, a new log
        if (size === position) return;
        const { buffer, bytesRead } = await file.read(Buffer.alloc(size - position), 0, size - position, position);
        position += bytesRead;
        socket.write(buffer.subarray(0, bytesRead));
      } finally {
        await file.close();
      }
    };
    const changed = (): void => {
      reading = reading.then(pass).catch(() => {});
    };
    watchFile(this.#log, { interval: 100 }, changed);
    // A guest that ends takes its port with it.
    const alive = setInterval(() => {
      void this.#isRunning().then((running) => {
        if (!running) socket.end();
      });
    }, 1000);
    alive.unref();
    socket.once('close', () => {
      unwatchFile(this.#log, changed);
      clearInterval(alive);
      this.#listener = undefined;
    });
    socket.resume();
  }
}
