import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { ROOT, zebu, type CliRun } from './cli.js';

export type Mode = 'ci' | 'json' | 'pipe' | 'terminal';
export const MODES: readonly Mode[] = ['ci', 'json', 'pipe', 'terminal'];

/** A home of its own, and nothing in the environment that zebu would read. */
export function bareEnvironment(): { env: Record<string, string | undefined>; remove: () => void } {
  const home = mkdtempSync(join(tmpdir(), 'zebu-home-'));
  const own = Object.keys(process.env).filter((name) =>
    /^(ZEBU|GITHUB|XDG|DOCKER|COMPOSE)_|^(CI|NO_COLOR|FORCE_COLOR)$/.test(name),
  );
  const unset = Object.fromEntries(own.map((name) => [name, undefined]));
  return {
    env: { ...unset, HOME: home, SHELL: '/bin/sh', TZ: 'UTC', LC_ALL: 'C.UTF-8' },
    remove: () => rmSync(home, { recursive: true, force: true }),
  };
}

interface Caller {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Start of another zebu than the checkout's. */
  readonly script?: string;
}

const quoted = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`;

/** With a terminal on all three streams, which `script` makes; what was written to either stream is in `stdout`. */
async function onTerminal(args: readonly string[], options: Caller): Promise<CliRun> {
  const command = [process.execPath, options.script ?? `${ROOT}bin/run.js`, ...args].map(quoted).join(' ');
  const child = spawn('script', ['-qec', command, '/dev/null'], {
    cwd: options.cwd,
    env: { ...process.env, ...options.env, TERM: 'xterm-256color' },
    // At the end of input a question that is asked after all is cancelled instead of waiting.
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 60_000,
    killSignal: 'SIGKILL',
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve({ code, signal, stdout: stdout.replaceAll('\r\n', '\n'), stderr }));
  });
}

/** Runs a command as one kind of caller sees it. */
export function inMode(mode: Mode, args: readonly string[], options: Caller): Promise<CliRun> {
  if (mode === 'terminal') return onTerminal(args, options);
  const given = mode === 'json' ? [...args, '--json'] : args;
  const env = mode === 'ci' ? { ...options.env, CI: 'true' } : options.env;
  const { cwd, script } = options;
  if (script === undefined) return zebu(given, { cwd, env, timeoutMs: 60_000 });
  return zebu([script, ...given], { program: process.execPath, cwd, env, timeoutMs: 60_000 });
}

/** What a person reads, without colours and what moves the cursor. */
export const plain = (text: string): string =>
  stripVTControlCharacters(text)
    .replaceAll(/[\u0004\u0008]|\^D/g, '')
    .replaceAll('\r', '');
