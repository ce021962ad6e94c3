/**
 * This process's own stdout and stderr, as far as zebu uses them. Node makes a stream of either out of thirty modules as soon as it is
 * looked at, which takes a tenth of what a whole start does. A file or a pipe is written to without one, as long as nobody else has
 * asked for it; who does has it as ever, and from then on everything goes through it.
 */
import { constants, fstatSync, openSync, writeSync } from 'node:fs';
import { mayBeTerminal } from './may-be-terminal.js';

/** What is written to, and what output may depend on. */
export interface Output {
  write(text: string, done?: () => void): boolean;
  on(event: string, listener: () => void): unknown;
  off(event: string, listener: () => void): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
  readonly fd?: number;
}

type Name = 'stderr' | 'stdout';

const FD: Readonly<Record<Name, number>> = { stdout: 1, stderr: 2 };

/** Those that can do without a stream, as long as they do. */
const without = new Map<Name, Output>();

/** What to write to in the place of a file or a pipe without being kept waiting; undefined where that is for a stream to see to. */
function plain(fd: number): number | undefined {
  try {
    // Opened anew, it does not wait until somebody reads, and whoever else has the pipe still does.
    const found = fstatSync(fd);
    if (found.isFIFO()) return openSync(`/proc/self/fd/${fd}`, constants.O_WRONLY | constants.O_NONBLOCK);
    return found.isSocket() ? undefined : fd;
  } catch {
    return undefined;
  }
}

class Plain implements Output {
  readonly #name: Name;
  readonly #to: number | undefined;

  constructor(name: Name, to: number | undefined) {
    this.#name = name;
    this.#to = to;
  }

  /** The stream, which whoever has looked at it may have changed. */
  get #stream(): NodeJS.WriteStream {
    return process[this.#name];
  }

  get #needed(): boolean {
    return !without.has(this.#name);
  }

  get isTTY(): boolean {
    return this.#needed && this.#stream.isTTY;
  }

  // Not spelled as such by Node where there is no terminal.
  get columns(): number {
    return this.#needed ? this.#stream.columns : (undefined as unknown as number);
  }

  get rows(): number {
    return this.#needed ? this.#stream.rows : (undefined as unknown as number);
  }

  get fd(): number {
    return FD[this.#name];
  }

  write(text: string, done: () => void = () => {}): boolean {
    if (this.#needed || this.#to === undefined) return this.#stream.write(text, done);
    let rest = Buffer.from(text);
    try {
      while (rest.length > 0) rest = rest.subarray(writeSync(this.#to, rest));
    } catch {
      // A pipe that is full and does not wait, or that nobody reads: the stream knows what to do, and whom to tell.
      return this.#stream.write(rest, done);
    }
    done();
    return true;
  }

  on(event: string, listener: () => void): unknown {
    return this.#stream.on(event, listener);
  }

  off(event: string, listener: () => void): unknown {
    return this.#stream.off(event, listener);
  }
}

/** The stream that is there, or what does without one. */
export function standard(name: Name): Output {
  return without.get(name) ?? process[name];
}

/** Whether there is a stream, which what was written to it may not have left yet. */
export function hasStream(name: Name): boolean {
  return !without.has(name);
}

/**
 * From here on, files and pipes are written to without a stream. Only for who has the process for himself.
 * @param made told of each stream when it is made, or is there already
 */
export function withoutStreams(made: (name: Name, stream: NodeJS.WriteStream) => void): void {
  for (const name of ['stdout', 'stderr'] as const) {
    const own = Object.getOwnPropertyDescriptor(process, name);
    if (own?.get === undefined || own.configurable !== true || mayBeTerminal(FD[name])) {
      made(name, process[name]);
      continue;
    }
    without.set(name, new Plain(name, plain(FD[name])));
    Object.defineProperty(process, name, {
      ...own,
      get: () => {
        Object.defineProperty(process, name, own);
        without.delete(name);
        const stream = process[name];
        made(name, stream);
        return stream;
      },
    });
  }
}
