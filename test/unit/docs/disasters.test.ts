import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT } from '../../support/cli.js';

const page = readFileSync(join(ROOT, 'docs/data.md'), 'utf8');
const [, section = ''] = page.split('## What is lost in which disaster');
const rows = section
  .split('\n## ')[0]
  ?.split('\n')
  .filter((line) => line.startsWith('|'))
  .slice(2)
  .map((line) =>
    line
      .split('|')
      .map((cell) => cell.trim())
      .slice(1, -1),
  );

describe('the table of disasters', () => {
  it.each(rows ?? [])('%s: has what it promises, and a test that is there', (_, lost, back, took, tested) => {
    expect(lost).not.toBe('');
    expect(back).not.toBe('');
    expect(took).toMatch(/^(\d+ s)?$/);
    const [, file = '', title = ''] = /^`(test\/[a-z/-]+\.test\.ts)`: (.+)$/.exec(tested ?? '') ?? [];
    expect(existsSync(join(ROOT, file)), tested).toBe(true);
    const text = readFileSync(join(ROOT, file), 'utf8');
    expect(
      text.split('\n').some((line) => /^\s*it(\.each.*)?\(/.test(line) && line.includes(title)),
      tested,
    ).toBe(true);
  });

  it('is of all that may be lost', () => {
    expect(rows?.length).toBeGreaterThan(10);
  });
});
