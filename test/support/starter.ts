import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { RUN_FOLDER } from './run-folder.js';

export interface Ended {
  /** Null where a signal ended it; 127 where it could not be started, which stderr says. */
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface StartOptions {
  readonly cwd?: string | undefined;
  /** All of it; without it that of this process. */
  readonly env?: NodeJS.ProcessEnv;
  /** Standard input. */
  readonly input?: string;
  /** Until it is ended. */
  readonly seconds?: number;
  /** Files that it writes to: then nobody waits for what it leaves running. */
  readonly files?: { readonly stdout: string; readonly stderr: string };
}

const PROGRAM = fileURLToPath(new URL('starter.pl', import.meta.url));

function behindLength(text: Buffer | string): Buffer {
  const bytes = Buffer.from(text);
  const size = Buffer.alloc(4);
  size.writeUInt32BE(bytes.length);
  return Buffer.concat([size, bytes]);
}

/** A small process that starts programs for this large one, which costs a third: see starter.pl. */
class Starter {
  readonly #requests: number;
  readonly #answers: number;

  constructor() {
    const folder = mkdtempSync(join(RUN_FOLDER, 'zebu-starter-'));
    const [requests, answers] = [join(folder, 'requests'), join(folder, 'answers')];
    try {
      const { status } = spawnSync('mkfifo', [requests, answers]);
      if (status !== 0) throw new Error(`mkfifo ended with ${status ?? 'a signal'}`);
      spawn('perl', [PROGRAM, requests, answers], { stdio: ['ignore', 'ignore', 'inherit'] }).unref();
      // Each waits until the other end is open as well.
      this.#requests = openSync(requests, 'w');
      this.#answers = openSync(answers, 'r');
    } finally {
      rmSync(folder, { recursive: true });
    }
  }

  run(words: readonly string[], options: StartOptions): Ended {
    const { cwd = process.cwd(), env = process.env, input = '', seconds = 0, files } = options;
    const settings = Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${value}`]));
    const fields = [cwd, String(seconds), files?.stdout ?? '', files?.stderr ?? '', input, String(words.length)];
    const whole = behindLength(Buffer.concat([...fields, ...words, ...settings].map((field) => behindLength(field))));
    for (let at = 0; at < whole.length;) at += writeSync(this.#requests, whole, at);
    const answer = this.#take(this.#take(4).readUInt32BE());
    const parts: Buffer[] = [];
    for (let at = 0; at < answer.length;) {
      const end = at + 4 + answer.readUInt32BE(at);
      parts.push(answer.subarray(at + 4, end));
      at = end;
    }
    const [status, signal, stdout = '', stderr = ''] = parts.map(String);
    return { status: signal === '0' ? Number(status) : null, stdout, stderr };
  }

  #take(size: number): Buffer {
    const taken = Buffer.alloc(size);
    for (let at = 0; at < size;) {
      const read = readSync(this.#answers, taken, at, size - at, null);
      if (read === 0) throw new Error('what starts programs for this worker has ended (starter.pl)');
      at += read;
    }
    return taken;
  }
}

// Kept by the process: each file of a worker loads this anew.
const KEY = Symbol.for('zebu.starter');
const kept = globalThis as { [KEY]?: Starter };

/** What a program says, and how it ends. */
export function started(program: string, words: readonly string[], options: StartOptions = {}): Ended {
  return (kept[KEY] ??= new Starter()).run([program, ...words], options);
}

/** What a program says that has to end well. @throws Error with the last it has said */
export function startedWell(program: string, words: readonly string[], options: StartOptions = {}): string {
  const { status, stdout, stderr } = started(program, words, options);
  if (status !== 0)
    throw new Error(`${program} ${words.join(' ')} ended with ${status ?? 'a signal'}: ${stderr.trim()}`);
  return stdout;
}
