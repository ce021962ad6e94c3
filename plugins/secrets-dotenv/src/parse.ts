/** A line that is not an assignment; holds no value, so that it can be shown. */
export class DotenvSyntaxError extends Error {
  readonly line: number;

  constructor(line: number, problem: string) {
    super(problem);
    this.line = line;
  }
}

const NAME = /^[ \t]*(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_.-]*)[ \t]*=[ \t]*/;

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t' };

/** `\n`, `\r`, `\t`, and a backslash before a quote, a backslash or a dollar sign; any other backslash stays. */
function unescape(text: string): string {
  return text.replaceAll(/\\([\s\S])/g, (whole, char: string) => {
    const special = ESCAPES[char];
    if (special !== undefined) return special;
    return char === '"' || char === '\\' || char === '$' ? char : whole;
  });
}

/** Where a quoted value ends: the same quote, not escaped in double quotes. -1 when it does not. */
function closing(text: string, from: number, quote: string): number {
  for (let i = from; i < text.length; i++) {
    if (text[i] === '\\' && quote === '"') i++;
    else if (text[i] === quote) return i;
  }
  return -1;
}

/**
 * Parses KEY=value text: `export`, comments, single quotes (as is), double quotes (escapes), values over several lines
 * inside quotes, CRLF. Nothing is interpolated: a dollar sign is a dollar sign. Of a name given twice the last counts.
 * @throws DotenvSyntaxError
 */
export function parseDotenv(source: string): ReadonlyMap<string, string> {
  const text = source.replace(/^\uFEFF/, '').replaceAll('\r\n', '\n');
  const values = new Map<string, string>();
  let at = 0;
  let line = 1;
  while (at < text.length) {
    const end = text.indexOf('\n', at) === -1 ? text.length : text.indexOf('\n', at);
    const row = text.slice(at, end);
    if (/^[ \t]*(#|$)/.test(row)) {
      at = end + 1;
      line++;
      continue;
    }
    const [prefix, name] = NAME.exec(row) ?? [];
    if (prefix === undefined || name === undefined) throw new DotenvSyntaxError(line, 'expected NAME=value');
    const start = at + prefix.length;
    const quote = text[start];
    let after: number;
    if (quote === '"' || quote === "'") {
      const close = closing(text, start + 1, quote);
      if (close === -1) throw new DotenvSyntaxError(line, `the value of ${name} has no closing ${quote}`);
      const inner = text.slice(start + 1, close);
      values.set(name, quote === '"' ? unescape(inner) : inner);
      after = text.indexOf('\n', close) === -1 ? text.length : text.indexOf('\n', close);
      if (!/^[ \t]*(#.*)?$/.test(text.slice(close + 1, after))) {
        throw new DotenvSyntaxError(line, `unexpected text after the value of ${name}`);
      }
    } else {
      after = end;
      // A # starts a comment only after a blank: `a#b` is a value.
      values.set(
        name,
        text
          .slice(start, end)
          .replace(/(^|[ \t]+)#.*$/, '')
          .trim(),
      );
    }
    if (values.get(name)?.includes('\0') === true)
      throw new DotenvSyntaxError(line, `the value of ${name} contains NUL`);
    line += text.slice(at, after).split('\n').length;
    at = after + 1;
  }
  return values;
}
