import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ROOT } from '../../support/cli.js';
import { composeTable, ROWS } from '../../support/compose-features/index.js';

const text = (file: string): string => readFileSync(`${ROOT}${file}`, 'utf8');

describe('the table of Compose features in docs/apps.md', () => {
  it('says what the rows say', () => {
    const part = text('docs/apps.md').split('<!-- every feature of Compose -->')[1] ?? '';
    const lines = part
      .split('\n')
      .filter((line) => line.startsWith('|'))
      .slice(2)
      .map((line) =>
        line
          .slice(1, -1)
          .split('|')
          .map((cell) => cell.trim()),
      );
    const wanted = composeTable(ROWS);
    expect(lines, `it should be:\n${wanted.map((cells) => `| ${cells.join(' | ')} |`).join('\n')}`).toEqual(wanted);
  });

  it('has each attribute of the specification, or what it belongs to', () => {
    const { names } = JSON.parse(text('test/fixtures/compose-spec/names.json')) as {
      readonly names: readonly string[];
    };
    const rows = new Set(ROWS.map(({ name }) => name));
    const covered = (name: string): boolean =>
      name.split('.').some((_, at, parts) => rows.has(parts.slice(0, at + 1).join('.')));
    // Of these the members are the rows.
    const of = new Set(['services.build', 'services.deploy']);
    expect(names.filter((name) => !of.has(name) && !covered(name))).toEqual([]);
    expect(rows.size).toBe(ROWS.length);
  });

  it('has a test behind each row', () => {
    const missing = ROWS.flatMap(({ name, proof }) =>
      proof.kind === 'test' && !text(`test/${proof.file}`).includes(`('${proof.title}'`)
        ? [`${name}: ${proof.title}`]
        : [],
    );
    expect(missing).toEqual([]);
  });
});
