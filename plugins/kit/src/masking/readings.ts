/**
 * The spellings in which a value may stand in a text. Those that escape single characters are ways to read the text: each
 * turns what was spelled into the bytes that were meant, and the value is looked for in what was read, so that mixtures and
 * one spelling inside another are found, too. Those that spell all of it otherwise, base64 and hex, are looked for as such.
 *
 * The one table for the client (`read.ts`) and the VM (`masks.ts`, a Perl program made of it): the patterns mean the same in
 * JavaScript and in Perl, over bytes, and none of them takes more than a few characters or goes back over what it took.
 */

/** What a token of a reading stands for; the word is what its group holds. */
export type TokenKind =
  | 'control' // letter behind a backslash
  | 'decimal' // code point
  | 'entity' // name of HTML
  | 'hex' // code point
  | 'byte' // two hexadecimal digits
  | 'octal' // byte
  | 'nothing' // left out
  | 'quote' // always '
  | 'blank' // always a blank
  | 'itself'
  | 'utf16'; // one or two \uXXXX

type Token = readonly [pattern: string, kind: TokenKind];

export interface Reading {
  readonly name: string;
  /** A text without this has none of the tokens. */
  readonly sign: string;
  /** Applied alone, never after other readings: what matches its tokens usually is no escape. */
  readonly alone?: true;
  readonly tokens: readonly Token[];
}

const HEX = '[0-9a-fA-F]';
const PERCENT: Token = [`%(${HEX}{2})`, 'byte'];

export const READINGS: readonly Reading[] = [
  {
    // JSON (Go writes \u0026, Python \u00e9), JavaScript, $'...', "..." and words with backslashes of a shell.
    name: 'backslash',
    sign: '\\',
    tokens: [
      [String.raw`(\\u[dD][89abAB]${HEX}{2}\\u[dD][c-fC-F]${HEX}{2}|\\u${HEX}{4})`, 'utf16'],
      [String.raw`\\u\{(${HEX}{1,6})\}`, 'hex'],
      [String.raw`\\U(${HEX}{8})`, 'hex'],
      [String.raw`\\x(${HEX}{2})`, 'byte'],
      [String.raw`\\([0-3][0-7]{2})`, 'octal'],
      // A single quote inside single quotes.
      [String.raw`('\\''|'"'"')`, 'quote'],
      [String.raw`\\([abefnrtv])`, 'control'],
      [String.raw`\\([^A-Za-z0-9])`, 'itself'],
    ],
  },
  // Compose writes $$, YAML and SQL write '', CSV writes "".
  {
    name: 'doubled',
    sign: '',
    tokens: [
      [String.raw`(\$)\$`, 'itself'],
      [`(')'`, 'itself'],
      [`(")"`, 'itself'],
    ],
  },
  { name: 'percent', sign: '%', tokens: [PERCENT] },
  { name: 'form', sign: '+', alone: true, tokens: [PERCENT, [String.raw`(\+)`, 'blank']] },
  {
    name: 'html',
    sign: '&',
    tokens: [
      [`&#[xX](${HEX}{1,6});`, 'hex'],
      ['&#([0-9]{1,7});', 'decimal'],
      ['&([a-z]{2,6});', 'entity'],
    ],
  },
  // What was cut into lines, quoted-printable included.
  { name: 'wrapped', sign: '\n', tokens: [[String.raw`(=?\r?\n[ \t]{0,8})`, 'nothing']] },
];

export const CONTROLS: Readonly<Record<string, string>> = {
  a: '\u0007',
  b: '\b',
  e: '\u001b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
};

export const ENTITIES: Readonly<Record<string, string>> = {
  amp: '&',
  apos: "'",
  ast: '*',
  colon: ':',
  commat: '@',
  comma: ',',
  dollar: '$',
  equals: '=',
  excl: '!',
  grave: '`',
  gt: '>',
  hat: '^',
  lpar: '(',
  lt: '<',
  num: '#',
  percnt: '%',
  plus: '+',
  quest: '?',
  quot: '"',
  rpar: ')',
  semi: ';',
  sol: '/',
};

/** A piece of so many characters of a longer spelling is masked, too: a value that was cut off would still show most of it. */
export const PIECE = 12;
/** Characters that are looked up at once. */
export const GRAM = 6;
/** Readings of readings: a line in JSON in JSON in a URL. */
export const DEPTH = 3;
/** A piece with fewer different characters is a line, a margin, an empty field. */
export const VARIED = 5;
/** Spellings that may share a gram; further ones are found by their other grams. */
export const PLACES = 32;
