/** Time until a command that touches nothing remote has ended, as a ratio to `node -e 0` in the same run. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installMany } from './many-plugins.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const zebu = `${root}bin/run.js`;
const PLUGINS = 10;

interface Case {
  readonly name: string;
  readonly argv: readonly string[];
  /** The case whose time is the floor; `node -e 0` when it is left out. */
  readonly over?: string;
  /** The ratio aimed at; shown beside the one measured, never failed on. */
  readonly aim: number | undefined;
  /** With as many plugins installed. */
  readonly plugins?: number;
}

const FLOOR = 'node -e 0';
const SHOW = 'zebu config:show';
const CASES: readonly Case[] = [
  { name: FLOOR, argv: ['-e', '0'], aim: undefined },
  { name: 'zebu --version', argv: [zebu, '--version'], aim: 1.5 },
  { name: 'zebu --help', argv: [zebu, '--help'], aim: 3 },
  { name: SHOW, argv: [zebu, 'config:show'], aim: 3 },
  { name: `${SHOW}, ${PLUGINS} plugins`, argv: [zebu, 'config:show'], plugins: PLUGINS, over: SHOW, aim: 1.3 },
];

function timeOnce(argv: readonly string[], cwd: string, dataHome: string): number {
  const env = { ...process.env, XDG_DATA_HOME: dataHome };
  const started = performance.now();
  const { status, stderr } = spawnSync(process.execPath, argv, { cwd, env, encoding: 'utf8' });
  const ms = performance.now() - started;
  if (status !== 0) throw new Error(`${argv.join(' ')} failed: ${stderr}`);
  return ms;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/** @param rounds each case once a round, so that a machine that slows down slows all of them */
export function benchStartUp(rounds: number): void {
  const cwd = mkdtempSync(join(tmpdir(), 'zebu-bench-'));
  writeFileSync(join(cwd, 'zebu.yml'), 'app: {name: bench}\n');
  const times = new Map<string, number[]>(CASES.map(({ name }) => [name, []]));
  const once = ({ argv, plugins }: Case): number =>
    timeOnce(argv, cwd, join(cwd, plugins === undefined ? 'none' : 'many'));
  try {
    installMany(PLUGINS, join(cwd, 'many', 'zebu'));
    for (const each of CASES) once(each);
    for (let round = 0; round < rounds; round++) {
      for (const each of CASES) times.get(each.name)?.push(once(each));
    }
  } finally {
    rmSync(cwd, { recursive: true });
  }
  console.log(
    `Start-up, ${rounds} rounds, one warm-up; ratio to ${FLOOR}, or to what is named, round by round (median)`,
  );
  for (const { name, aim, over = FLOOR } of CASES) {
    const own = times.get(name) ?? [];
    const floor = times.get(over) ?? [];
    const ratio = median(own.map((ms, round) => ms / (floor[round] ?? Number.NaN)));
    const verdict = aim === undefined ? '' : `  aim <= ${aim}x  ${ratio <= aim ? 'met' : 'MISSED'}`;
    console.log(
      `${name.padEnd(28)} ${median(own).toFixed(0).padStart(5)} ms  min ${Math.min(...own)
        .toFixed(0)
        .padStart(5)} ms  ${ratio.toFixed(2)}x${over === FLOOR ? '' : ` of ${over}`}${verdict}`,
    );
  }
}
