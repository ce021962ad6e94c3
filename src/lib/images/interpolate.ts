/** A name with the values of its variables, or the variable that has none here. */
export type Interpolated = { readonly text: string } | { readonly unknown: string };

const VARIABLE = /\$(?:\$|\{([A-Za-z_]\w*)(?:(:?[-?+])([^{}]*))?\}|([A-Za-z_]\w*))/g;

/** What stands for one; undefined where that is not known. */
function valueOf(
  name: string,
  operator: string,
  word: string,
  values: ReadonlyMap<string, string>,
): string | undefined {
  const value = values.get(name);
  const counts = value !== undefined && (value !== '' || !operator.startsWith(':'));
  if (operator.endsWith('+')) return counts ? word : '';
  if (counts) return value;
  return operator.endsWith('-') ? word : undefined;
}

/** As Compose does it; one within the default of another is not looked into. */
export function interpolate(text: string, values: ReadonlyMap<string, string>): Interpolated {
  let filled = '';
  let done = 0;
  for (const { 0: all, 1: braced, 2: operator = '', 3: word = '', 4: plain, index } of text.matchAll(VARIABLE)) {
    const name = braced ?? plain;
    const value = name === undefined ? '$' : valueOf(name, operator, word, values);
    if (value === undefined) return { unknown: name ?? all };
    filled += text.slice(done, index) + value;
    done = index + all.length;
  }
  filled += text.slice(done);
  const odd = /\$\{[^}]*\}?/.exec(filled)?.[0];
  return odd === undefined ? { text: filled } : { unknown: odd };
}
