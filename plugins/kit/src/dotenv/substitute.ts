/** `$NAME`, `${NAME}` with what Compose allows behind the name, `$$`, and a backslash with what it keeps from being special. */
const NAME = /^[A-Za-z_][A-Za-z0-9_]*/;
const OPERATORS = [':-', '-', ':+', '+', ':?', '?'] as const;

/** Defaults within defaults; what is deeper stays as it is. */
const DEEPEST = 20;

/** Where the brace that was opened before `from` is closed; -1 for nowhere. */
function closingBrace(text: string, from: number): number {
  let depth = 1;
  for (let at = from; at < text.length; at++) {
    if (text.startsWith('${', at)) depth++;
    else if (text[at] === '}' && --depth === 0) return at;
  }
  return -1;
}

/** What stands between braces. @throws Error with the words of `${NAME:?words}` */
function braced(inner: string, lookup: (name: string) => string | undefined, depth: number): string | undefined {
  if (depth > DEEPEST) return undefined;
  const [name] = NAME.exec(inner) ?? [];
  if (name === undefined) return undefined;
  const rest = inner.slice(name.length);
  const value = lookup(name);
  if (rest === '') return value ?? '';
  const operator = OPERATORS.find((each) => rest.startsWith(each));
  if (operator === undefined) return undefined;
  const there = operator.startsWith(':') ? value !== undefined && value !== '' : value !== undefined;
  const other = (): string => substitute(rest.slice(operator.length), lookup, undefined, depth + 1);
  if (operator.endsWith('-')) return there ? (value ?? '') : other();
  if (operator.endsWith('+')) return there ? other() : '';
  if (!there) throw new Error(other() === '' ? `${name} has no value` : `${name}: ${other()}`);
  return value ?? '';
}

/**
 * Replaces variables in the text of a value as Compose does. What it would refuse stays as it is.
 * @param escapes what a backslash and the character after it stand for; undefined leaves both
 * @throws Error where `${NAME:?words}` has no value
 */
export function substitute(
  text: string,
  lookup: (name: string) => string | undefined,
  escapes?: (pair: string) => string,
  depth = 0,
): string {
  let out = '';
  let at = 0;
  while (at < text.length) {
    const rest = text.slice(at);
    if (rest.startsWith('\\') && escapes !== undefined && rest.length > 1) {
      out += escapes(rest.slice(0, 2));
      at += 2;
    } else if (rest.startsWith('$$')) {
      out += '$';
      at += 2;
    } else if (rest.startsWith('${')) {
      const end = closingBrace(text, at + 2);
      const value = end === -1 ? undefined : braced(text.slice(at + 2, end), lookup, depth);
      out += value ?? text.slice(at, end === -1 ? text.length : end + 1);
      at = end === -1 ? text.length : end + 1;
    } else if (rest.startsWith('$') && NAME.test(rest.slice(1))) {
      const [name = ''] = NAME.exec(rest.slice(1)) ?? [];
      out += lookup(name) ?? '';
      at += 1 + name.length;
    } else {
      out += text[at] ?? '';
      at++;
    }
  }
  return out;
}
