/**
 * The whole test run: unit, integration, end to end. Ends with `N passed, N failed`, and fails when nothing ran.
 * Arguments are handed to vitest instead of these three, such as `--project unit` or `--project long`.
 */
import { spawn } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { takeDownLabs } from './test/labs.ts';
import { scratchFolder } from './test/scratch.ts';

interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numFailedTestSuites: number;
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly startTime: number;
    readonly endTime: number;
    readonly assertionResults: readonly unknown[];
  }[];
}

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = scratchFolder();
const report = join(folder, 'report.json');
const asked = process.argv.slice(2);
const child = spawn(
  process.execPath,
  [
    `${root}node_modules/vitest/vitest.mjs`,
    'run',
    '--reporter=default',
    ...(process.stdout.isTTY ? [] : [`--reporter=${root}scripts/test/progress.ts`]),
    '--reporter=json',
    `--outputFile.json=${report}`,
    ...(asked.length > 0 ? asked : ['unit', 'integration', 'e2e'].map((project) => `--project=${project}`)),
  ],
  {
    cwd: root,
    stdio: 'inherit',
    env: {
      ...process.env,
      NO_COLOR: '1',
      ZEBU_TEST_RUN: folder,
      TMPDIR: folder,
      // What Node has compiled is of use to the next run, and not in /tmp, where tests look at what is left.
      NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'] ?? join(root, '.build', 'node-compile-cache'),
      ...(asked.length > 0 ? {} : { ZEBU_TEST_ALL: '1' }),
    },
  },
);
let interrupted: NodeJS.Signals | undefined;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    // A terminal's Ctrl-C has reached it already; the second one, and whatever was sent to this process alone, has not.
    if (interrupted !== undefined || signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal);
    interrupted ??= signal;
    // What does not end by itself is not waited for.
    setTimeout(() => child.kill('SIGKILL'), 30_000).unref();
  });
}
const status = await new Promise<number | null>((resolve) => child.once('close', resolve));
const left = takeDownLabs(folder);
if (left > 0) console.error(`${left} labs were still up, and are not any more.`);

let passed = 0;
let failed = status === 0 ? 0 : 1;
let skipped = 0;
try {
  const counts = JSON.parse(readFileSync(report, 'utf8')) as Report;
  passed = counts.numPassedTests;
  skipped = counts.numPendingTests;
  // A file that could not even be loaded has no test to count, and is a failure all the same.
  const unloadable = counts.testResults.filter(
    (file) => file.status === 'failed' && file.assertionResults.length === 0,
  );
  failed = Math.max(counts.numFailedTests + unloadable.length, failed);
  // Where the time went, for whoever wonders why it takes so long.
  const slowest = counts.testResults
    .map(({ name, startTime, endTime }) => ({ name: relative(root, name), seconds: (endTime - startTime) / 1000 }))
    .filter(({ seconds }) => seconds > 20)
    .toSorted((a, b) => b.seconds - a.seconds);
  for (const { name, seconds } of slowest) console.log(`${seconds.toFixed(0).padStart(5)} s  ${name}`);
} catch {
  console.error(
    interrupted === undefined ? 'vitest left no report.' : `Interrupted (${interrupted}): not all was tested.`,
  );
  failed = Math.max(failed, 1);
}
if (interrupted !== undefined) failed = Math.max(failed, 1);
rmSync(folder, { recursive: true, force: true });
console.log(`${passed} passed, ${failed} failed${skipped === 0 ? '' : `, ${skipped} skipped`}`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
