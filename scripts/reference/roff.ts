/** Text as roff source that prints as it is. */

/** Characters with a name of their own in roff; others outside ASCII go by their code point. */
const NAMED: Readonly<Record<string, string>> = {
  '\\': '\\e',
  '-': '\\-',
  "'": '\\(aq',
  '`': '\\(ga',
  '^': '\\(ha',
  '~': '\\(ti',
};

function character(char: string): string {
  const named = NAMED[char];
  if (named !== undefined) return named;
  const code = char.codePointAt(0) ?? 0;
  return code < 128 ? char : `\\[u${code.toString(16).toUpperCase().padStart(4, '0')}]`;
}

/** One line that cannot be taken for a request. Minus signs stay minus signs, so that flags can be copied. */
export function roff(text: string): string {
  const line = [...text.replaceAll(/\s*\n\s*/g, ' ')].map(character).join('');
  return /^[.']/.test(line) ? `\\&${line}` : line;
}

/** The same with what stands between backticks in bold. */
export function prose(text: string): string {
  const parts = text.split('`');
  // A lone backtick is only that.
  if (parts.length % 2 === 0) return roff(text);
  const line = parts.map((part, index) => (index % 2 === 0 ? inline(part) : `\\fB${inline(part)}\\fP`)).join('');
  return /^[.']/.test(line) ? `\\&${line}` : line;
}

const inline = (text: string): string => roff(text).replace(/^\\&/, '');

/** A macro with its words, quoted. */
export const macro = (name: string, ...words: readonly string[]): string =>
  [`.${name}`, ...words.map((word) => `"${roff(word).replaceAll('"', '\\(dq')}"`)].join(' ');
