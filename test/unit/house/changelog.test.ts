import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const lines = readFileSync(new URL('../../../CHANGELOG.md', import.meta.url), 'utf8').split('\n');

it('the changelog is grouped under versions: Added, Changed, Fixed', () => {
  const headings = lines.filter((line) => line.startsWith('#'));
  expect(headings[0]).toBe('# Changelog');
  for (const heading of headings.slice(1))
    expect(heading).toMatch(/^(?:## (?:Unreleased|\d+\.\d+\.\d+ - \d{4}-\d\d-\d\d)|### (?:Added|Changed|Fixed))$/);
  const versions = headings.flatMap((heading, at) => (heading.startsWith('## ') ? [at] : []));
  for (const at of versions) expect(headings[at + 1]).toMatch(/^### /);
});

it('each line of the changelog stands in a group', () => {
  const loose = lines.slice(1, lines.findIndex((line) => line.startsWith('### '))).filter((line) => line.startsWith('- '));
  expect(loose).toEqual([]);
});
