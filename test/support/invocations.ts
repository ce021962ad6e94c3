import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

interface ManifestCommand {
  readonly id: string;
  readonly args: Readonly<Record<string, unknown>>;
  readonly flags: Readonly<Record<string, { readonly name: string; readonly type: 'boolean' | 'option' }>>;
}

/** Numbers that are the same again for the same seed. */
function randomOf(seed: number): (below: number) => number {
  let state = seed >>> 0 || 1;
  return (below) => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9) | 0;
    return (state >>> 0) % below;
  };
}

/** Not these: they install with npm, wait for somebody, or stand up a lab. */
const LEFT_OUT = /^(plugins:(install|link|update|reset|uninstall)|lab:|autocomplete)/;

const HOSTILE = [
  ...['', ' ', 'x', '-1', '0', '1e309', '99999999999999999999', '0x10', 'NaN', '../../etc/passwd', '--', '-', '@'],
  ...['__proto__', 'constructor', 'toString', 'a=b', '=', '{', '[', '&a [*a]', '*', "'", '"', '$(id)', '`id`', ';'],
  ...['\u001b[2J', '\u202e', '::error::x', 'a\nb', '\u0085', 'ü', '😀', '\ud800', 'a'.repeat(5000), ' '.repeat(5000)],
];

/** Command lines that somebody may type by mistake or on purpose, without one that could do anything. */
export function invocations(seed: number, count: number): readonly (readonly string[])[] {
  const random = randomOf(seed);
  const { commands } = JSON.parse(readFileSync(`${ROOT}oclif.manifest.json`, 'utf8')) as {
    commands: Record<string, ManifestCommand>;
  };
  const known = Object.values(commands).filter(({ id }) => !LEFT_OUT.test(id));
  const pick = <T>(list: readonly T[]): T => list[random(list.length)] as T;
  return Array.from({ length: count }, () => {
    const { id, args, flags } = pick(known);
    const words = [id];
    for (let left = random(Object.keys(args).length + 2); left > 0; left--) words.push(pick(HOSTILE));
    const names = Object.values(flags).filter(({ name }) => name !== 'events' && name !== 'debug');
    for (let left = random(4); left > 0 && names.length > 0; left--) {
      const { name, type } = pick(names);
      if (type === 'boolean') words.push(`--${name}`);
      else words.push(...(random(2) === 0 ? [`--${name}=${pick(HOSTILE)}`] : [`--${name}`, pick(HOSTILE)]));
    }
    if (random(10) === 0) words.push('--help');
    if (random(10) === 0) words.push(`--${pick(HOSTILE)}`);
    // In front of what may be somebody else's.
    words.splice(1, 0, '--json');
    return words.map((word) => word.replaceAll('\0', ''));
  });
}

export interface Invoked {
  readonly words: readonly string[];
  /** Null: it did not end. */
  readonly exit: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs zebu with the words, in a folder where there is nothing. */
export async function invoke(words: readonly string[], folder: string): Promise<Invoked> {
  const env = { ...process.env, HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder, XDG_CACHE_HOME: folder };
  const child = spawn(process.execPath, [`${ROOT}bin/run.js`, ...words], {
    cwd: folder,
    env: { ...env, NO_UPDATE_NOTIFIER: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output.stderr += text));
  const timer = setTimeout(() => child.kill('SIGKILL'), 120_000);
  const exit = await new Promise<number | null>((resolve) => child.once('close', resolve));
  clearTimeout(timer);
  return { words, exit, ...output };
}

/** What is wrong with how it ended; undefined for nothing. */
export function invocationProblem({ exit, stdout, stderr }: Invoked): string | undefined {
  if (exit === null) return 'did not end';
  if (exit === 1) return 'exit 1';
  if (/^\s+at .+:\d+:\d+\)?$/m.test(stdout + stderr)) return 'a stack trace';
  try {
    JSON.parse(stdout);
  } catch {
    return 'stdout is no JSON';
  }
  return /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e]/.test(stdout + stderr)
    ? 'a control character'
    : undefined;
}
