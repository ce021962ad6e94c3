import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { invocationProblem, invocations, invoke } from '../../support/invocations.js';

const folder = mkdtempSync(join(tmpdir(), 'zebu-invoke-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Again with ZEBU_TEST_SEED, which is printed with what failed. */
const SEED = Number(process.env['ZEBU_TEST_SEED'] ?? Date.now() % 1_000_000);
const COUNT = Number(process.env['ZEBU_TEST_COUNT'] ?? 5000);
const AT_ONCE = 4;

it(`ends well whatever is typed, ${COUNT} times`, { timeout: 4 * 3600_000, retry: 0 }, async () => {
  const waiting = [...invocations(SEED, COUNT)];
  const bad: unknown[] = [];
  const work = async (): Promise<void> => {
    for (let words = waiting.pop(); words !== undefined; words = waiting.pop()) {
      const ended = await invoke(words, folder);
      const problem = invocationProblem(ended);
      if (problem !== undefined) bad.push([problem, ended.exit, words, ended.stdout.slice(0, 300)]);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  expect({ seed: SEED, bad }).toEqual({ seed: SEED, bad: [] });
});
