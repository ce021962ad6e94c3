import { substitute } from './substitute.js';

/** A line that is not an assignment; holds no value, so that it can be shown. */
export class DotenvSyntaxError extends Error {
  readonly line: number;

  constructor(line: number, problem: string) {
    super(problem);
    this.line = line;
  }
}

/** One assignment, with where it stands in the text, so that an edit leaves everything else alone. */
export interface DotenvEntry {
  readonly name: string;
  readonly value: string;
  /** Line of the name, from 1. */
  readonly line: number;
  readonly quote: '"' | "'" | '';
  /** Offsets of the value with its quotes. */
  readonly valueAt: readonly [from: number, to: number];
  /** Offsets of the whole assignment, its line end included. */
  readonly at: readonly [from: number, to: number];
}

// What Compose takes for a blank within a line, a no-break space copied from a web page included.
const BLANK = String.raw`[\t\v\f\r \u0085\u00a0]`;
const NAME = new RegExp(`^${BLANK}*(?:export${BLANK}+)?([A-Za-z_][A-Za-z0-9_.-]*)${BLANK}*=${BLANK}*`);
const AFTER_QUOTED = new RegExp(`^${BLANK}*(?:#.*)?$`, 's');
const NOTHING = /^[\s\u0085]*(#|$)/;
/** As in Go, where a byte order mark is no blank. */
const BLANK_END = /(?<!(?!\uFEFF)[\s\u0085])(?:(?!\uFEFF)[\s\u0085])+$/;

const ESCAPES: Readonly<Record<string, string>> = {
  a: '\u0007',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '"': '"',
  '\\': '\\',
  $: '$',
};

/** What Compose makes of a backslash in double quotes; one it does not know stays. */
function unescape(text: string): string {
  return text.replaceAll(/\\([\s\S])/g, (escape, char: string) => ESCAPES[char] ?? escape);
}

/** Where a quoted value ends; a backslash before the quote keeps it open, in either kind, as Compose reads it. */
function closing(text: string, from: number, quote: string): number {
  for (let i = from; i < text.length; i++) {
    if (text[i] === '\\') i++;
    else if (text[i] === quote) return i;
  }
  return -1;
}

/** Line breaks stay of the kind they are: Compose hands CRLF on as CRLF. */
function quoted(inner: string, quote: string): string {
  // In single quotes only the quote itself can be escaped; every other backslash is one.
  return quote === '"' ? unescape(inner) : inner.replaceAll(/\\([\s\S])/g, (pair) => (pair === "\\'" ? "'" : pair));
}

/**
 * Reads KEY=value text as Docker Compose does: `export`, comments, single quotes (as is), double quotes (escapes), values
 * over several lines inside quotes, CRLF, which inside quotes is part of the value. Nothing is interpolated: a dollar
 * sign is a dollar sign.
 * @throws DotenvSyntaxError
 */
export function dotenvEntries(text: string): readonly DotenvEntry[] {
  const entries: DotenvEntry[] = [];
  let at = text.startsWith('\uFEFF') ? 1 : 0;
  let line = 1;
  const lineEnd = (from: number): number => {
    const found = text.indexOf('\n', from);
    return found === -1 ? text.length : found;
  };
  while (at < text.length) {
    const end = lineEnd(at);
    const row = text.slice(at, end).replace(/\r$/, '');
    if (NOTHING.test(row)) {
      at = end + 1;
      line++;
      continue;
    }
    const [prefix, name] = NAME.exec(row) ?? [];
    if (prefix === undefined || name === undefined) throw new DotenvSyntaxError(line, 'expected NAME=value');
    const start = at + prefix.length;
    const mark = text[start];
    let entry: Pick<DotenvEntry, 'quote' | 'value' | 'valueAt'>;
    let after = end;
    if (mark === '"' || mark === "'") {
      const close = closing(text, start + 1, mark);
      if (close === -1) throw new DotenvSyntaxError(line, `the value of ${name} has no closing ${mark}`);
      after = lineEnd(close);
      if (!AFTER_QUOTED.test(text.slice(close + 1, after))) {
        throw new DotenvSyntaxError(line, `unexpected text after the value of ${name}`);
      }
      entry = { quote: mark, value: quoted(text.slice(start + 1, close), mark), valueAt: [start, close + 1] };
    } else {
      // As Compose has it, only a blank and # after the first character start a comment: `a#b` and `# a` are values.
      const value = row.slice(prefix.length).replace(/ #.*$/s, '').replace(BLANK_END, '');
      entry = { quote: '', value, valueAt: [start, start + value.length] };
    }
    if (entry.value.includes('\0')) throw new DotenvSyntaxError(line, `the value of ${name} contains NUL`);
    entries.push({ name, line, ...entry, at: [at, Math.min(after + 1, text.length)] });
    line += text.slice(at, after).split('\n').length;
    at = after + 1;
  }
  return entries;
}

/** Values by name; of a name given twice the last counts. @throws DotenvSyntaxError */
export function parseDotenv(text: string): ReadonlyMap<string, string> {
  return new Map(dotenvEntries(text).map(({ name, value }) => [name, value]));
}

/**
 * The same with variables replaced outside single quotes, from earlier lines and then from `lookup`; what neither has is
 * empty, as Compose has it.
 * @throws DotenvSyntaxError also where `${NAME:?words}` has no value
 */
export function interpolateDotenv(
  text: string,
  lookup: (name: string) => string | undefined,
): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  for (const { name, value, quote, valueAt, line } of dotenvEntries(text)) {
    if (quote === "'") {
      values.set(name, value);
      continue;
    }
    const known = (wanted: string): string | undefined => values.get(wanted) ?? lookup(wanted);
    try {
      const raw = quote === '"' ? text.slice(valueAt[0] + 1, valueAt[1] - 1) : value;
      values.set(name, substitute(raw, known, quote === '"' ? unescape : (pair) => pair));
    } catch (error) {
      throw new DotenvSyntaxError(line, `${name}: ${(error as Error).message}`);
    }
  }
  return values;
}

/** Names that the text of each value refers to, as `${NAME}`; none in single quotes. */
export function dotenvReferences(text: string): ReadonlyMap<string, readonly string[]> {
  return new Map(
    dotenvEntries(text).map(({ name, quote, valueAt }) => {
      const found: string[] = [];
      if (quote !== "'") {
        const note = (wanted: string): undefined => void found.push(wanted);
        try {
          substitute(text.slice(...valueAt), note, (pair) => pair);
        } catch {
          // One that must have a value; it is noted.
        }
      }
      return [name, found];
    }),
  );
}
