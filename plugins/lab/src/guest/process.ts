import { spawn, type SpawnOptions } from 'node:child_process';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

/** A process this lab started. The start time (clock ticks since boot) tells it from a later one with the same pid. */
export interface ProcessRef {
  readonly pid: number;
  readonly startTicks: number;
}

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly signal?: AbortSignal | undefined;
  /** Called with each line of stdout and stderr as it comes. */
  readonly onLine?: ((line: string) => void) | undefined;
}

/** A program that ended with another status than 0; `message` is one line, made of the program's own last words. */
export class CommandFailed extends Error {
  readonly argv: readonly string[];
  readonly status: number | string;
  readonly output: string;

  constructor(argv: readonly string[], status: number | string, output: string) {
    const words = output
      .trim()
      .split('\n')
      .filter((line) => line.trim() !== '')
      .slice(-3)
      .join('; ');
    super(`${argv[0] ?? ''} failed (${String(status)})${words === '' ? '' : `: ${words}`}`);
    this.name = 'CommandFailed';
    this.argv = argv;
    this.status = status;
    this.output = output;
  }
}

/** Runs a program to its end and gives its stdout. Throws CommandFailed, or the abort reason. */
export async function run(argv: readonly string[], options: RunOptions = {}): Promise<string> {
  const [program, ...args] = argv;
  if (program === undefined) throw new TypeError('an empty command line');
  options.signal?.throwIfAborted();
  const spawnOptions: SpawnOptions = { stdio: ['ignore', 'pipe', 'pipe'] };
  if (options.cwd !== undefined) spawnOptions.cwd = options.cwd;
  if (options.env !== undefined) spawnOptions.env = { ...process.env, ...options.env };
  const child = spawn(program, args, spawnOptions);
  const stdout: string[] = [];
  const all: string[] = [];
  let pending = '';
  const take = (text: string): void => {
    all.push(text);
    if (options.onLine === undefined) return;
    const lines = (pending + text).split('\n');
    pending = lines.pop() ?? '';
    for (const line of lines) options.onLine(line);
  };
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    stdout.push(text);
    take(text);
  });
  child.stderr?.setEncoding('utf8').on('data', take);
  const stop = (): void => void child.kill('SIGTERM');
  options.signal?.addEventListener('abort', stop, { once: true });
  try {
    const status = await new Promise<number | string>((resolve, reject) => {
      child.once('error', (error) => {
        reject(new CommandFailed(argv, 'not started', error.message));
      });
      child.once('close', (code, signal) => {
        resolve(code ?? signal ?? 'unknown');
      });
    });
    options.signal?.throwIfAborted();
    if (status !== 0) throw new CommandFailed(argv, status, all.join(''));
    return stdout.join('');
  } finally {
    options.signal?.removeEventListener('abort', stop);
  }
}

/** Whether a program exits with 0; its output is dropped. */
export async function succeeds(argv: readonly string[], options: RunOptions = {}): Promise<boolean> {
  try {
    await run(argv, options);
    return true;
  } catch (error) {
    if (error instanceof CommandFailed) return false;
    throw error;
  }
}

/** Fields of /proc/PID/stat that matter here. The name in parentheses may hold spaces, so cut after the last one. */
export function parseStat(text: string): { ppid: number; startTicks: number; state: string } | undefined {
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const ppid = Number(fields[1]);
  const startTicks = Number(fields[19]);
  if (!Number.isInteger(ppid) || !Number.isInteger(startTicks)) return undefined;
  return { ppid, startTicks, state: fields[0] ?? '?' };
}

/** What runs under this pid now, or undefined when nothing does (a zombie counts as nothing). */
export async function identify(pid: number): Promise<ProcessRef | undefined> {
  try {
    const stat = parseStat(await readFile(`/proc/${String(pid)}/stat`, 'utf8'));
    if (stat === undefined || stat.state === 'Z' || stat.state === 'X') return undefined;
    return { pid, startTicks: stat.startTicks };
  } catch {
    return undefined;
  }
}

async function isAlive(ref: ProcessRef): Promise<boolean> {
  return (await identify(ref.pid))?.startTicks === ref.startTicks;
}

export async function saveRef(file: string, ref: ProcessRef): Promise<void> {
  await writeFile(file, `${String(ref.pid)} ${String(ref.startTicks)}\n`);
}

/** The recorded process if it still runs; a stale record is removed. */
export async function loadRef(file: string): Promise<ProcessRef | undefined> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch {
    return undefined;
  }
  const [pid, startTicks] = text.trim().split(' ').map(Number);
  if (pid !== undefined && startTicks !== undefined) {
    const ref = { pid, startTicks };
    if (await isAlive(ref)) return ref;
  }
  await rm(file, { force: true });
  return undefined;
}

/** Resolves true once the process is gone, false after `timeoutMs`. */
export async function waitGone(ref: ProcessRef, timeoutMs: number): Promise<boolean> {
  const deadline = Date.now() + timeoutMs;
  while (await isAlive(ref)) {
    if (Date.now() >= deadline) return false;
    await sleep(50);
  }
  return true;
}

/** Ends one process we started: TERM, and KILL when it is still there after `graceMs`. */
export async function end(ref: ProcessRef, graceMs: number): Promise<void> {
  await sendSignal(ref, 'SIGTERM');
  if (graceMs > 0 && (await waitGone(ref, graceMs))) return;
  await sendSignal(ref, 'SIGKILL');
  await waitGone(ref, 10_000);
}

/** Sends a signal unless the process is gone or its pid belongs to another one by now. */
export async function sendSignal(ref: ProcessRef, signal: NodeJS.Signals): Promise<void> {
  if (!(await isAlive(ref))) return;
  try {
    process.kill(ref.pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
