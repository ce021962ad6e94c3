import { describe, expect, it } from 'vitest';
import { hanging, table } from '../../../src/lib/ui/table.js';

const HEADER = ['SERVICE', 'STATE', 'IMAGE', 'WHY'];
const ROWS = [
  ['web', 'running', 'ghcr.io/example/shop-web:1.2.3', 'another image and another value of API_KEY'],
  ['database', 'exited (137, out of memory)', 'postgres:17', ''],
];

describe('a table', () => {
  it('has columns as wide as their widest cell, and no blanks at the ends', () => {
    expect(
      table(
        ['A', 'BB'],
        [
          ['x', ''],
          ['long', 'y'],
        ],
      ),
    ).toEqual(['A     BB', 'x', 'long  y']);
  });

  it('is wrapped between words within its cells where the terminal is narrower', () => {
    expect(table(HEADER, ROWS, 60)).toMatchInlineSnapshot(`
      [
        "SERVICE   STATE            IMAGE            WHY",
        "web       running          ghcr.io/         another image",
        "                           example/shop-    and another",
        "                           web:1.2.3        value of API_KEY",
        "database  exited (137,     postgres:17",
        "          out of memory)",
      ]
    `);
  });

  it.each([120, 80, 60, 40, 24])('fits %i columns, and loses nothing', (width) => {
    const lines = table(HEADER, ROWS, width);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(width);
    const letters = (text: string): string => [...text.replaceAll(/\s/g, '')].toSorted().join('');
    expect(letters(lines.join(''))).toBe(letters([...HEADER, ...ROWS.flat()].join('')));
  });

  it('cuts a word that is too long after what joins names', () => {
    expect(table(['IMAGE'], [['registry.example.org/shop/web']], 24)).toEqual([
      'IMAGE',
      'registry.example.org/',
      'shop/web',
    ]);
  });
});

describe('text behind a label', () => {
  it('goes on below its beginning, broken between words', () => {
    expect(hanging('what .env holds beside secrets', 4, 20)).toBe('what .env holds\n    beside secrets');
  });

  it('stays one line where it fits, and in a pipe', () => {
    expect(hanging('what .env holds', 4, 20)).toBe('what .env holds');
    expect(hanging('what .env holds '.repeat(30), 4, Infinity)).not.toContain('\n');
  });
});
