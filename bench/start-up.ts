/** Time until a command that touches nothing remote has ended, as a ratio to `node -e 0` in the same run. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const zebu = `${root}bin/run.js`;

interface Case {
  readonly name: string;
  readonly argv: readonly string[];
  /** The ratio aimed at; shown beside the one measured, never failed on. */
  readonly aim: number | undefined;
}

const CASES: readonly Case[] = [
  { name: 'node -e 0', argv: ['-e', '0'], aim: undefined },
  { name: 'zebu --version', argv: [zebu, '--version'], aim: 1.5 },
  { name: 'zebu --help', argv: [zebu, '--help'], aim: 3 },
  { name: 'zebu config:show', argv: [zebu, 'config:show'], aim: 3 },
];

function timeOnce(argv: readonly string[], cwd: string): number {
  const started = performance.now();
  const { status, stderr } = spawnSync(process.execPath, argv, { cwd, encoding: 'utf8' });
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
  try {
    for (const { argv } of CASES) timeOnce(argv, cwd);
    for (let round = 0; round < rounds; round++) {
      for (const { name, argv } of CASES) times.get(name)?.push(timeOnce(argv, cwd));
    }
  } finally {
    rmSync(cwd, { recursive: true });
  }
  const floor = times.get('node -e 0') ?? [];
  console.log(`Start-up, ${rounds} rounds, one warm-up; ratio to node -e 0 round by round (median)`);
  for (const { name, aim } of CASES) {
    const own = times.get(name) ?? [];
    const ratio = median(own.map((ms, round) => ms / (floor[round] ?? Number.NaN)));
    const verdict = aim === undefined ? '' : `  aim <= ${aim}x  ${ratio <= aim ? 'met' : 'MISSED'}`;
    console.log(
      `${name.padEnd(26)} ${median(own).toFixed(0).padStart(5)} ms  min ${Math.min(...own)
        .toFixed(0)
        .padStart(5)} ms  ${ratio.toFixed(2)}x${verdict}`,
    );
  }
}
