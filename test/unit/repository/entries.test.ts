import { describe, expect, it } from 'vitest';
import { Listing } from '../../../src/lib/repository/entries.js';

const OBJECT = 'a'.repeat(40);
const listing = (...entries: readonly string[]): Listing =>
  new Listing(entries.map((entry) => `${entry.replace(/^(\d+) /, `$1 blob ${OBJECT}\t`)}\0`).join(''));

describe('what a commit has', () => {
  it('is a path as a whole, whatever it is called', () => {
    const had = listing('100644 compose.yml', '100644 a/compose.yaml', '100644 odd\tname', '100644 back\nslash');
    expect(['compose.yml', 'a/compose.yaml', 'odd\tname', 'back\nslash'].map((path) => had.has(path))).toEqual(
      Array(4).fill(true),
    );
    expect(['compose', 'ompose.yml', 'compose.yaml', 'name', 'a', ''].map((path) => had.has(path))).toEqual(
      Array(6).fill(false),
    );
    expect(listing('100644 odd\tname', '100644 name').has('name')).toBe(true);
  });

  it('has submodules and attributes where there are any, in whatever folder', () => {
    expect(
      [listing('100644 160000 x', '100644 x.gitattributes')].map((had) => [had.submodules, had.attributes]),
    ).toEqual([[false, false]]);
    expect(listing('100644 a', '160000 vendor').submodules).toBe(true);
    expect(listing('160000 vendor').submodules).toBe(true);
    expect(listing('100644 .gitattributes').attributes).toBe(true);
    expect(listing('100644 a/b/.gitattributes', '100644 z').attributes).toBe(true);
  });
});
