import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { publishedProblem } from './published.js';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

export interface CliRun {
  /** Exit status; null when a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CliOptions {
  readonly cwd: string;
  /** Path of another zebu than the one of this checkout, such as an installed one. */
  readonly program?: string;
  /** On top of this process's environment; undefined removes a variable. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly stdin?: string;
  /** Ends the run with SIGKILL: a hanging command is a failed test, not a hanging suite. */
  readonly timeoutMs?: number;
  /** Called with the pid, for tests that interrupt. */
  readonly onStart?: (pid: number) => void;
  /** What the run has said on stderr so far, each time it says more. */
  readonly onStderr?: (text: string, pid: number) => void;
}

/** Runs the built `zebu` as a script would: no terminal, nothing on standard input. */
export async function zebu(args: readonly string[], options: CliOptions): Promise<CliRun> {
  const env: NodeJS.ProcessEnv = { ...process.env, CI: undefined, GITHUB_ACTIONS: undefined, ...options.env };
  const words = options.program === undefined ? [`${ROOT}bin/run.js`, ...args] : [...args];
  const child = spawn(options.program ?? process.execPath, words, {
    cwd: options.cwd,
    env,
    timeout: options.timeoutMs ?? 300_000,
    killSignal: 'SIGKILL',
  });
  if (child.pid !== undefined) options.onStart?.(child.pid);
  const output = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    output.stderr += text;
    options.onStderr?.(output.stderr, child.pid ?? 0);
  });
  child.stdin.on('error', () => {});
  child.stdin.end(options.stdin ?? '');
  const run = await new Promise<CliRun>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve({ code, signal, ...output }));
  });
  // Every test that asks for JSON holds the command to what is published of it; a log is lines without an envelope.
  if (args.includes('--json') && !args.some((arg) => arg === '--follow' || arg === '-f') && run.signal === null) {
    const problem = run.stdout === '' || args[0] === 'app:logs' ? undefined : publishedProblem(run.stdout);
    if (problem !== undefined) throw new Error(`zebu ${args.join(' ')}: not as published: ${problem}`);
  }
  return run;
}

/** Asks for JSON; behind `--` everything belongs to the command that is run in the VM. */
export function withJson(args: readonly string[]): readonly string[] {
  const end = args.includes('--') ? args.indexOf('--') : args.length;
  return [...args.slice(0, end), '--json', ...args.slice(end)];
}

/** The result of a command that is expected to succeed, from its JSON envelope. */
export async function zebuJson<Result>(args: readonly string[], options: CliOptions): Promise<Result> {
  const run = await zebu(withJson(args), options);
  if (run.code !== 0) throw new Error(`zebu ${args.join(' ')} ended with ${run.code}:\n${run.stdout}\n${run.stderr}`);
  return (JSON.parse(run.stdout) as { result: Result }).result;
}

/**
 * Runs `zebu` until it prints one of `texts`, or what `pattern` matches, and kills it there with SIGKILL.
 * @returns what it was killed at; undefined when it ended without printing any
 */
export function killZebu(
  args: readonly string[],
  options: Pick<CliOptions, 'cwd' | 'env'>,
  texts: readonly string[],
  pattern?: RegExp,
): Promise<string | undefined> {
  const env: NodeJS.ProcessEnv = { ...process.env, CI: undefined, GITHUB_ACTIONS: undefined, ...options.env };
  const child = spawn(process.execPath, [`${ROOT}bin/run.js`, ...args], { cwd: options.cwd, env, detached: true });
  child.stdin.end();
  child.stdout.resume();
  let said = '';
  let killed: string | undefined;
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    said += chunk;
    if (killed !== undefined) return;
    killed = texts.find((text) => said.includes(text)) ?? pattern?.exec(said)?.[0];
    // bin/run.js may have started another Node: the whole group.
    if (killed !== undefined && child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', () => resolve(killed));
  });
}
