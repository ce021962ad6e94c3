/** Columns of a terminal below which a table leaves out what it can do without. */
export const NARROW = 80;

const GAP = 2;
/** Narrower than this a column says nothing. */
const NARROWEST = 4;

/** Where a word that is too long for its column is cut: after what joins names, else anywhere. */
function cut(word: string, width: number): readonly [string, string] {
  const at = Math.max(...['/', ':', ',', '@', '-', '.'].map((joint) => word.lastIndexOf(joint, width - 1) + 1));
  const end = at > width / 2 ? at : width;
  return [word.slice(0, end), word.slice(end)];
}

/** The lines of a cell, none longer than `width`; broken between words where they allow it. */
function wrap(cell: string, width: number): readonly string[] {
  if (cell.length <= width) return [cell];
  const lines: string[] = [];
  let line = '';
  for (const word of cell.split(' ')) {
    let rest = word;
    if (line !== '' && line.length + 1 + rest.length <= width) {
      line += ` ${rest}`;
      continue;
    }
    if (line !== '') lines.push(line);
    while (rest.length > width) {
      const [head, tail] = cut(rest, width);
      lines.push(head);
      rest = tail;
    }
    line = rest;
  }
  return line === '' ? lines : [...lines, line];
}

/** Text behind something of `indent` columns: broken between words, and each further line below the first. */
export function hanging(text: string, indent: number, width: number): string {
  return wrap(text, Math.max(NARROWEST, width - indent)).join(`\n${' '.repeat(indent)}`);
}

/** Takes from the widest columns first: none below its longest word, or part of a path or image, as long as that can be. */
function fit(widths: readonly number[], least: readonly number[], room: number): readonly number[] {
  const fitted = [...widths];
  let over = fitted.reduce((sum, width) => sum + width, 0) - room;
  for (const floors of [least, widths.map((width) => Math.min(width, NARROWEST))]) {
    while (over > 0) {
      const [column] = fitted
        .map((width, index) => ({ width, index }))
        .filter(({ width, index }) => width > (floors[index] ?? 0))
        .toSorted((a, b) => b.width - a.width);
      if (column === undefined) break;
      fitted[column.index] = column.width - 1;
      over--;
    }
  }
  return fitted;
}

/**
 * Rows under a header, columns padded to their widest cell.
 * @param width columns there are, as `Io.width`: what does not fit is wrapped within its cell
 */
export function table(
  header: readonly string[],
  rows: readonly (readonly string[])[],
  width = Infinity,
): readonly string[] {
  const all = [header, ...rows];
  const most = (measure: (cell: string) => number): readonly number[] =>
    header.map((_, column) => Math.max(...all.map((row) => measure(row[column] ?? ''))));
  const widths = fit(
    most((cell) => cell.length),
    most((cell) => Math.max(...cell.split(/ |(?<=[/:,@])/).map((piece) => piece.length))),
    width - GAP * (header.length - 1),
  );
  return all.flatMap((row) => {
    const cells = row.map((cell, column) => wrap(cell, widths[column] ?? 0));
    const height = Math.max(...cells.map((lines) => lines.length));
    return Array.from({ length: height }, (_, line) =>
      cells
        .map((lines, column) => (lines[line] ?? '').padEnd(widths[column] ?? 0))
        .join(' '.repeat(GAP))
        .trimEnd(),
    );
  });
}
