import { existsSync, globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT } from '../../support/cli.js';

const parts = globSync('src/lib/runner/*.sh', { cwd: ROOT }).toSorted();
const textOf = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const testOf = (part: string): string => `test/unit/runner/${basename(part, '.sh')}.test.ts`;

/** How a test says that it runs a part in every shell of a VM. */
const SHELLS = /describe\.each\(vmShells\(\)\)|\bin(?:Each|EachVm|NextVm)Shell\(/;

describe('a part of the runner', () => {
  it.each(parts)('%s has a test of its own, which runs it in the shells of a VM', (part) => {
    const test = testOf(part);
    const missing = `write ${test}: it runs ${part} with stand-ins for what it starts (test/support/runner-app.ts)`;
    expect(existsSync(join(ROOT, test)), missing).toBe(true);
    const text = textOf(test);
    expect(SHELLS.test(text), `${test} runs in every shell of a VM (test/support/shells.ts)`).toBe(true);
    const functions = [...textOf(part).matchAll(/^(\w+)\(\)/gm)].map(([, name]) => name ?? '');
    // What has none is part of every run.
    const used =
      functions.length === 0 ||
      text.includes(`/runner/${basename(part)}'`) ||
      text.includes('app.start(') ||
      functions.some((name) => new RegExp(String.raw`\b${name}\b`).test(text));
    expect(used, `${test} runs something of ${part}`).toBe(true);
  });
});
