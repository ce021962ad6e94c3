/** What a program costs: time on the wall and of processors, its children included. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export interface Spent {
  /** Milliseconds. */
  readonly wall: number;
  /** Milliseconds of all processors, in the program and in the system for it. */
  readonly cpu: number;
}

/** Runs it; its output goes nowhere, and it must succeed. */
export function spent(argv: readonly string[], cwd: string, env: NodeJS.ProcessEnv = {}): Spent {
  const { status, stdout, stderr } = spawnSync('bash', [fileURLToPath(new URL('timed.sh', import.meta.url)), ...argv], {
    cwd,
    encoding: 'utf8',
    env: { ...process.env, LC_ALL: 'C', ...env },
  });
  if (status !== 0) throw new Error(`${argv.join(' ')} ended with ${status}: ${stderr}`);
  const [wall = Number.NaN, user = Number.NaN, system = Number.NaN] = stdout.trim().split(' ').map(Number);
  return { wall: wall * 1000, cpu: (user + system) * 1000 };
}

const textOf = (file: string): string | undefined => {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
};

/**
 * Milliseconds that all processors have been busy since the machine was started, as the scheduler counts them in nanoseconds, by task.
 * `/proc/stat` says what was running when the clock ticked, and whatever is woken by a clock is mostly done by the next tick: it
 * is asked only where the kernel tells nothing else.
 */
export function busy(): number {
  const ran = textOf('/proc/schedstat')?.match(/^cpu\d+ .*$/gm);
  if (ran) return ran.reduce((sum, line) => sum + Number(line.split(' ')[7]), 0) / 1e6;
  const charged = textOf('/sys/fs/cgroup/cpuacct/cpuacct.usage');
  if (charged !== undefined) return Number(charged) / 1e6;
  const [, user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0] = (textOf('/proc/stat')?.split('\n')[0] ?? '')
    .split(/\s+/)
    .map(Number);
  return (user + nice + system + irq + softirq) * 10;
}

export const median = (values: readonly number[]): number => {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
};

export interface Case {
  readonly name: string;
  readonly once: () => Spent;
  /** The case whose cost is the floor; the first one when it is left out. */
  readonly over?: string;
  /** The ratio of time aimed at; shown beside the one measured, never failed on. */
  readonly aim?: number;
}

/** One case, beside its floor: ratios, medians of the rounds. */
interface Figure {
  readonly heading: string;
  readonly name: string;
  readonly over: string;
  /** Milliseconds. */
  readonly wall: number;
  readonly ratio: Readonly<Record<keyof Spent, number>>;
  readonly aim: number | undefined;
}
const figures: Figure[] = [];

/** All that was measured against something, as one table in Markdown. */
export function printFigures(): void {
  const rows = figures
    .filter(({ name, over }) => name !== over)
    .map(({ heading, name, over, wall, ratio, aim }) => [
      heading,
      name,
      over,
      `${wall.toFixed(0)} ms`,
      `${ratio.wall.toFixed(2)} ×`,
      `${ratio.cpu.toFixed(2)} ×`,
      aim === undefined ? '' : `${aim} ×, ${ratio.wall <= aim ? 'met' : 'MISSED'}`,
    ]);
  if (rows.length === 0) return;
  const columns = ['benchmark', 'what', 'beside', 'median', 'wall', 'processors', 'aim'];
  const width = columns.map((column, i) => Math.max(column.length, ...rows.map((row) => row[i]?.length ?? 0)));
  const line = (cells: readonly string[], fill = ' '): string =>
    `| ${cells.map((cell, i) => cell.padEnd(width[i] ?? 0, fill)).join(' | ')} |`;
  const rule = columns.map(() => '');
  console.log(['', line(columns), line(rule, '-'), ...rows.map((row) => line(row))].join('\n'));
}

/**
 * Each case once a round, so that a machine that slows down slows all of them, after one round that does not count; ratios are made
 * round by round.
 * @param heading the benchmark, in a few words
 */
export function printRounds(heading: string, cases: readonly Case[], rounds: number): void {
  console.log(`\n${heading}, ${rounds} rounds, one warm-up; ratios are made round by round, medians`);
  const all = new Map<string, Spent[]>(cases.map(({ name }) => [name, []]));
  for (const { once } of cases) once();
  for (let round = 0; round < rounds; round++) for (const { name, once } of cases) all.get(name)?.push(once());
  const floorName = cases[0]?.name ?? '';
  const show = (values: readonly number[]): string =>
    `${median(values).toFixed(0).padStart(5)} ms (min ${Math.min(...values)
      .toFixed(0)
      .padStart(4)})`;
  const width = Math.max(...cases.map(({ name }) => name.length));
  for (const { name, over = floorName, aim } of cases) {
    const own = all.get(name) ?? [];
    const floor = all.get(over) ?? [];
    const ratio = (of: keyof Spent): number => median(own.map((each, i) => each[of] / (floor[i]?.[of] ?? Number.NaN)));
    const ratios = { wall: ratio('wall'), cpu: ratio('cpu') };
    figures.push({ heading, name, over, wall: median(own.map((each) => each.wall)), ratio: ratios, aim });
    const verdict = aim === undefined ? '' : `  aim <= ${aim}x  ${ratios.wall <= aim ? 'met' : 'MISSED'}`;
    const [wall, cpu] = (['wall', 'cpu'] as const).map((of) => show(own.map((each) => each[of])));
    console.log(
      `${name.padEnd(width)} ${wall} ${ratios.wall.toFixed(2)}x  CPU ${cpu} ${ratios.cpu.toFixed(2)}x${over === floorName ? '' : `  of ${over}`}${verdict}`,
    );
  }
}
