import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { invocationProblem, invocations, invoke } from '../../support/invocations.js';

const folder = mkdtempSync(join(tmpdir(), 'zebu-invoke-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it.each<[readonly string[], number]>([
  [['secrets:rollback', '--json', 'x'], 2],
  [['secrets:rollback', '--json', '99999999999999999999'], 2],
  [['secrets:get', '--json', '../x', '--reveal'], 2],
  [['vm:resize', '--json', '--disk', 'x'], 2],
  [['app:deploy', '--json', '--help'], 0],
  [['--help', '--json'], 0],
  [['vm', '--json', '--help'], 0],
  [['config:show', '--json', '--config', 'a'.repeat(20_000)], 3],
])('%j ends as it should', async (words, exit) => {
  const ended = await invoke(words, folder);
  expect([invocationProblem(ended), ended.exit]).toEqual([undefined, exit]);
});

it('ends well whatever is typed', { timeout: 600_000 }, async () => {
  const seed = Number(process.env['ZEBU_TEST_SEED'] ?? Date.now() % 1_000_000);
  const bad: unknown[] = [];
  for (const words of invocations(seed, 60)) {
    const ended = await invoke(words, folder);
    const problem = invocationProblem(ended);
    if (problem !== undefined)
      bad.push([problem, ended.exit, words, ended.stdout.slice(0, 300), ended.stderr.slice(0, 300)]);
  }
  expect({ seed, bad }).toEqual({ seed, bad: [] });
});
