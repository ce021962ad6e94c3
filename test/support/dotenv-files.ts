/** Files of KEY=value text as people write them, from a seed, with the values they stand for. */

/** The same numbers for the same seed, evenly in 0..1. */
export function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const FRAGMENTS = [
  ...[
    'a',
    'Z9',
    'pass',
    ' ',
    '  ',
    '#',
    ' #',
    '$',
    '$$',
    '${X}',
    '$HOME',
    "'",
    '"',
    '\\',
    '\\\\',
    '\\n',
    '=',
    ':',
    '`',
  ],
  ...[
    '\n',
    '\r',
    '\r\n',
    '\t',
    'é',
    '😀',
    '日本',
    '%',
    '!',
    '&',
    '*',
    '{',
    '}',
    '|',
    '<',
    '>',
    ';',
    '(',
    '~',
    '\u00a0',
  ],
];

/** How one value may be written by hand, each giving it back. */
function spellings(value: string): readonly string[] {
  const double = value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('$', '\\$').replaceAll('\r', '\\r');
  const all = [`"${double}"`, `"${double.replaceAll('\n', '\\n')}"`];
  if (!/['\\\r]/.test(value)) all.push(`'${value}'`);
  // Bare values end at the line, lose blanks at their ends, and must not look quoted or hold what is interpolated.
  if (/^[^\s'"#$\\][^\s'"#$\\]*$/.test(value)) all.push(value, `${value} # a note`);
  return all;
}

/** At most so many bytes of UTF-8, no character cut apart. */
function cutTo(bytes: number, text: string): string {
  return Buffer.byteLength(text) <= bytes
    ? text
    : new TextDecoder().decode(Buffer.from(text).subarray(0, bytes)).replace(/\uFFFD+$/, '');
}

export interface GeneratedFile {
  readonly text: string;
  readonly values: Readonly<Record<string, string>>;
}

export function pieces(random: () => number): GeneratedFile {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
  const eol = random() < 0.2 ? '\r\n' : '\n';
  const values: Record<string, string> = {};
  let text = random() < 0.05 ? '\uFEFF' : '';
  const count = 1 + Math.floor(random() * 5);
  for (let n = 0; n < count; n++) {
    if (random() < 0.3) text += pick(['# a comment', '', '   ', `#A='x`, '\t# "']) + eol;
    // One in 2000 as large as a value may be.
    const length = random() < 0.0005 ? 60 * 1024 : Math.floor(random() * 7);
    const value = cutTo(60 * 1024, Array.from({ length }, () => pick(FRAGMENTS)).join(''));
    const name = `${pick(['A', 'B_', '_C', 'DB_PASSWORD', 'x'])}${Math.floor(random() * 4)}`;
    const spelling = pick(spellings(value));
    // A line break typed into a file is of that file's own kind, and part of the value as it is.
    const written = spelling.replaceAll('\n', eol);
    text += `${pick(['', '', 'export ', ' '])}${name}${pick(['=', '=', ' = '])}${written}${eol}`;
    values[name] = spelling.includes('\n') ? value.replaceAll('\n', eol) : value;
  }
  return { text, values };
}
