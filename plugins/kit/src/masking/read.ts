import { CONTROLS, DEPTH, ENTITIES, READINGS, type Reading, type TokenKind } from './readings.js';

/** Bytes `at` to `at + size` of a view, and the place in what it was read from; of a token all of it or nothing. */
interface Run {
  readonly at: number;
  readonly size: number;
  readonly from: number;
  readonly span: number;
  readonly token: boolean;
}

/** A text as it reads, one character a byte, and where each came from. */
export interface View {
  readonly text: string;
  /** The place in the first text that bytes of this one came from. */
  readonly source: (start: number, end: number) => readonly [start: number, end: number];
}

/** Text as bytes, one character each. */
export const toBytes = (text: string): string =>
  /^[\u0000-\u007f]*$/.test(text) ? text : Buffer.from(text).toString('latin1');
export const fromBytes = (bytes: string): string =>
  /^[\u0000-\u007f]*$/.test(bytes) ? bytes : Buffer.from(bytes, 'latin1').toString();

const point = (code: number): string => (code <= 0x10_ff_ff ? toBytes(String.fromCodePoint(code)) : '');

/** What a token means, as bytes; undefined for what means nothing. */
const DECODE: Readonly<Record<TokenKind, (word: string) => string | undefined>> = {
  control: (word) => CONTROLS[word],
  decimal: (word) => point(Number(word)),
  entity: (word) => ENTITIES[word],
  hex: (word) => point(Number.parseInt(word, 16)),
  byte: (word) => String.fromCharCode(Number.parseInt(word, 16)),
  octal: (word) => String.fromCharCode(Number.parseInt(word, 8)),
  nothing: () => '',
  quote: () => "'",
  blank: () => ' ',
  itself: (word) => word,
  utf16: (word) =>
    toBytes(
      String.fromCharCode(
        ...word
          .split(String.raw`\u`)
          .slice(1)
          .map((unit) => Number.parseInt(unit, 16)),
      ),
    ),
};

class Builder {
  readonly #parts: string[] = [];
  readonly runs: Run[] = [];
  #size = 0;

  add(text: string, from: number, span: number, token: boolean): void {
    if (text === '') return;
    this.runs.push({ at: this.#size, size: text.length, from, span, token });
    this.#parts.push(text);
    this.#size += text.length;
  }

  get text(): string {
    return this.#parts.join('');
  }
}

/** The run that holds the byte; what is between runs belongs to the one before. */
function runAt(runs: readonly Run[], at: number): Run | undefined {
  let [low, high] = [0, runs.length - 1];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((runs[middle]?.at ?? 0) <= at) low = middle;
    else high = middle - 1;
  }
  return runs[low];
}

function viewOf(builder: Builder, parent: View): View {
  const { runs, text } = builder;
  return {
    text,
    source: (start, end) => {
      const first = runAt(runs, start);
      const last = runAt(runs, end - 1);
      if (first === undefined || last === undefined) return parent.source(start, end);
      return parent.source(
        first.token ? first.from : first.from + start - first.at,
        last.token ? last.from + last.span : last.from + end - last.at,
      );
    },
  };
}

const patterns = new Map<Reading, RegExp>();
function patternOf(reading: Reading): RegExp {
  let pattern = patterns.get(reading);
  if (pattern === undefined)
    patterns.set(reading, (pattern = new RegExp(reading.tokens.map(([source]) => source).join('|'), 'g')));
  return pattern;
}

function readTokens(view: View, reading: Reading): View | undefined {
  const { text } = view;
  if (!text.includes(reading.sign)) return undefined;
  const builder = new Builder();
  let done = 0;
  for (const match of text.matchAll(patternOf(reading))) {
    const group = match.findIndex((word, at) => at > 0 && word !== undefined);
    const kind = reading.tokens[group - 1]?.[1];
    const meant = kind === undefined ? undefined : DECODE[kind](match[group] ?? '');
    if (meant === undefined) continue;
    builder.add(text.slice(done, match.index), done, match.index - done, false);
    builder.add(meant, match.index, match[0].length, true);
    done = match.index + match[0].length;
  }
  if (done === 0) return undefined;
  builder.add(text.slice(done), done, text.length - done, false);
  return viewOf(builder, view);
}

const ALL: Reading = { name: 'all', sign: '', tokens: READINGS.flatMap((each) => (each.alone ? [] : each.tokens)) };

/** The text as it is, in each reading, and in all of them at once, again and again. */
export function* views(bytes: string): Generator<View> {
  const raw: View = { text: bytes, source: (start, end) => [start, end] };
  yield raw;
  const single: View[] = [];
  for (const reading of READINGS) {
    const view = readTokens(raw, reading);
    if (view === undefined) continue;
    yield view;
    if (reading.alone !== true) single.push(view);
  }
  let [at] = single;
  // One alone is all of them at once.
  if (single.length > 1) {
    at = readTokens(raw, ALL);
    if (at !== undefined) yield at;
  }
  for (let depth = 1; depth < DEPTH && at !== undefined; depth++) {
    at = readTokens(at, ALL);
    if (at !== undefined) yield at;
  }
}
