import type { ChildProcess } from 'node:child_process';
import type { Writable } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import type { Output } from './standard-output.js';

type Environment = Readonly<Record<string, string | undefined>>;

/** Words of a command line with quotes as a shell has them; a backslash is a character, as paths of Windows need it. */
function wordsOf(line: string): string[] {
  const words = line.match(/(?:"[^"]*"|'[^']*'|[^\s"'])+/g) ?? [];
  return words.map((word) =>
    word.replaceAll(/"([^"]*)"|'([^']*)'/g, (_, double?: string, single?: string) => double ?? single ?? ''),
  );
}

/**
 * What long output is read with: ZEBU_PAGER, else PAGER, else less. Undefined when nobody wants one: an empty variable,
 * or `cat`, which is how people have said so to git for long.
 */
export function pagerCommand(env: Environment): readonly string[] | undefined {
  const words = wordsOf(env['ZEBU_PAGER'] ?? env['PAGER'] ?? 'less');
  return words.length === 0 || (words.length === 1 && words[0] === 'cat') ? undefined : words;
}

/** Rows that text takes on a screen of so many columns. */
export function rowsOf(text: string, columns: number): number {
  const lines = text.replace(/\n$/, '').split('\n');
  return lines.reduce((sum, line) => sum + Math.max(1, Math.ceil(stripVTControlCharacters(line).length / columns)), 0);
}

export interface PagerSettings {
  readonly stdout: Output;
  readonly env: Environment;
  readonly command: readonly string[];
  /** The pager cannot be started; what there is to read comes without one. */
  readonly onMissing: (program: string) => void;
  /** The person has read enough, and there is more to come. */
  readonly onLeft: () => void;
}

/**
 * stdout of a terminal with a pager in front of it once it is needed: what fits the screen is printed at the end as it
 * is. The pager has the terminal from the moment it is shown until it ends, Ctrl-C included.
 */
export class Pager {
  /** What is to be read is written to it. */
  readonly stream: Writable;
  readonly #settings: PagerSettings;
  #held = '';
  #child: ChildProcess | undefined;
  #direct = false;
  #left = false;
  #closed: Promise<void> | undefined;
  #stopped = false;
  readonly #stop = (): void => {
    this.#stopped = true;
    this.#child?.kill();
  };
  readonly #ignore = (): void => {};

  constructor(settings: PagerSettings) {
    this.#settings = settings;
    // Not imported: a start without a terminal has no use for it.
    const { Writable } = process.getBuiltinModule('node:stream');
    this.stream = new Writable({
      decodeStrings: false,
      write: (text: string, _, done) => this.#write(text, done),
      final: (done) => this.#final(done),
    });
  }

  /** It has what is not on the screen yet, or has the screen. */
  get busy(): boolean {
    return (
      !this.#left &&
      !this.stream.writableFinished &&
      (this.stream.writableLength > 0 || this.#held !== '' || this.#child !== undefined)
    );
  }

  /** Takes the terminal back from it. */
  async leave(): Promise<void> {
    this.#stop();
    await this.#closed;
  }

  /** Everything is written; resolves when it has been read. */
  async finish(): Promise<void> {
    if (this.stream.writableFinished) return;
    await new Promise<void>((resolve, reject) => this.stream.once('error', reject).end(resolve));
  }

  #write(text: string, done: (error?: Error) => void): void {
    // In a later turn of the event loop, so that a writer that does not stop cannot keep everything else from running.
    if (this.#left) return void setImmediate(done);
    if (this.#child !== undefined) return this.#send(text, done);
    if (this.#direct) return void this.#settings.stdout.write(text, () => done());
    this.#held += text;
    const { columns = 80, rows = 0 } = this.#settings.stdout;
    // The last row is the pager's own, or the shell's prompt. Without a known height nothing is paged.
    if (rows === 0 || rowsOf(this.#held, columns) < rows) return done();
    this.#open().then(
      () => {
        const held = this.#held;
        this.#held = '';
        if (this.#direct) this.#settings.stdout.write(held, () => done());
        else this.#send(held, done);
      },
      (error: Error) => done(error),
    );
  }

  #final(done: (error?: Error) => void): void {
    if (this.#child === undefined) {
      this.#settings.stdout.write(this.#held, () => done());
      return;
    }
    this.#child.stdin?.end();
    void this.#closed?.then(() => done());
  }

  #send(text: string, done: () => void): void {
    // Leaving before the end breaks the pipe, a moment before the pager's exit is seen.
    this.#child?.stdin?.write(text, (error) => void (error ? this.#closed?.then(done) : done()));
  }

  async #open(): Promise<void> {
    const { spawn } = await import('node:child_process');
    const { env, command, onMissing, onLeft } = this.#settings;
    const [program = '', ...args] = command;
    const child = spawn(program, args, {
      stdio: ['pipe', 'inherit', 'inherit'],
      // Leave at once when it fits after all, show colours, leave on the screen what was read.
      env: { LESS: 'FRX', LV: '-c', ...env },
    });
    const started = await new Promise<boolean>((resolve) => {
      child.once('spawn', () => resolve(true)).once('error', () => resolve(false));
    });
    if (!started) {
      this.#direct = true;
      onMissing(program);
      return;
    }
    this.#child = child;
    child.stdin.on('error', () => {});
    // Ctrl-C is a key of the pager; what ends this process has to end it too, or it is left with the terminal.
    process.on('SIGINT', this.#ignore).on('SIGTERM', this.#stop).on('SIGHUP', this.#stop);
    this.#closed = new Promise((resolve) => {
      child.once('close', () => {
        this.#left = true;
        process.off('SIGINT', this.#ignore).off('SIGTERM', this.#stop).off('SIGHUP', this.#stop);
        resolve();
        if (!this.stream.writableEnded && !this.#stopped) onLeft();
      });
    });
  }
}
