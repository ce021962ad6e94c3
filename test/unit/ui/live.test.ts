/** What a long step looks like while it goes on, on terminals of three widths. */
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ROOT } from '../../support/cli.js';
import { screenOf } from '../../support/first-hour/screen.js';
import { programOnTerminal } from '../../support/terminal.js';

/** Within the checkout, so that its packages are found. */
const folder = join(ROOT, '.build', 'live-steps');
const program = join(folder, 'steps.mjs');

beforeAll(async () => {
  mkdirSync(folder, { recursive: true });
  await build({
    entryPoints: [join(ROOT, 'test/support/long-steps.ts')],
    outfile: program,
    bundle: true,
    platform: 'node',
    format: 'esm',
    packages: 'external',
  });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function screen(kind: string, columns: number): Promise<string> {
  const env = { LC_ALL: 'C.UTF-8', NO_COLOR: '1' };
  const size = { rows: 24, columns };
  const run = await programOnTerminal([process.execPath, program, kind], { cwd: ROOT, env, size });
  const { rows } = await screenOf([[0, run.screen]], columns);
  expect(rows.every((row) => row.length <= columns)).toBe(true);
  return [`== ${kind}, ${columns} columns`, ...rows].join('\n');
}

it('shows for how long it has been going on, and a bar where the total is known', { timeout: 60_000 }, async () => {
  const kinds = ['silent', 'waits', 'part', 'lines'];
  const asked = kinds.flatMap((kind) => [60, 80, 120].map((columns) => screen(kind, columns)));
  const screens = (await Promise.all(asked))
    .join('\n\n')
    .replaceAll(/\(\d s\)/g, '(4 s)')
    .replaceAll(/\[0\.\ds\]/g, '[0.0s]')
    .replaceAll(/^[⠀-⣿]/gm, '⠙');
  await expect(`${screens}\n`).toMatchFileSnapshot('live.golden.txt');
});
