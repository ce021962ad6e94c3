import { spawn } from 'node:child_process';
import { ROOT } from './cli.js';

/** What somebody does: once a text is on the screen, keys. */
export type Keys = readonly (readonly [seen: string, typed: string])[];

export interface TerminalRun {
  readonly code: number | null;
  /** Everything that was written to it, stdout and stderr. */
  readonly screen: string;
}

export interface TerminalOptions {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly keys?: Keys;
  /** Without it nobody knows how high it is. */
  readonly size?: { readonly rows: number; readonly columns: number };
  /** Run instead of zebu. */
  readonly script?: string;
}

export const CTRL_C = '\x03';

const quoted = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`;

/** Runs zebu on a terminal of its own, which `script` makes. */
export function onTerminal(args: readonly string[], options: TerminalOptions): Promise<TerminalRun> {
  return programOnTerminal([process.execPath, options.script ?? `${ROOT}bin/run.js`, ...args], options);
}

/** The same with any program. */
export async function programOnTerminal(argv: readonly string[], options: TerminalOptions): Promise<TerminalRun> {
  const { size, keys = [] } = options;
  const line = [
    ...(size === undefined ? [] : [`stty rows ${size.rows} cols ${size.columns}`]),
    `exec ${argv.map(quoted).join(' ')}`,
  ].join('; ');
  const child = spawn('script', ['-qec', line, '/dev/null'], {
    cwd: options.cwd,
    env: { ...process.env, CI: undefined, GITHUB_ACTIONS: undefined, TERM: 'xterm', SHELL: '/bin/sh', ...options.env },
    timeout: 60_000,
    killSignal: 'SIGKILL',
  });
  const left = [...keys];
  let screen = '';
  let seen = 0;
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    screen += text;
    const [next] = left;
    const at = next === undefined ? -1 : screen.indexOf(next[0], seen);
    if (next === undefined || at === -1) return;
    seen = screen.length;
    left.shift();
    // A question is there before somebody listens.
    setTimeout(() => child.stdin.write(next[1]), 300);
  });
  child.stdin.on('error', () => {});
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  return { code, screen };
}
