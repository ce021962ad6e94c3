/** A name with the values of its variables, or the variable that has none here. */
export type Interpolated = { readonly text: string } | { readonly unknown: string };

const VARIABLE = /\$(?:\$|\{([A-Za-z_]\w*)(?:(:?[-?+])([^{}]*))?\}|([A-Za-z_]\w*))/g;

/** As Compose does it; one within the default of another is not looked into. */
export function interpolate(text: string, values: ReadonlyMap<string, string>): Interpolated {
  let unknown: string | undefined;
  const filled = text.replaceAll(VARIABLE, (all, braced?: string, operator?: string, word = '', plain?: string) => {
    const name = braced ?? plain;
    if (name === undefined) return '$';
    const value = values.get(name);
    const counts = value !== undefined && (value !== '' || operator?.startsWith(':') !== true);
    if (operator?.endsWith('+') === true) return counts ? word : '';
    if (counts) return value;
    if (operator?.endsWith('-') === true) return word;
    unknown ??= name;
    return all;
  });
  if (unknown !== undefined) return { unknown };
  const odd = /\$\{[^}]*\}?/.exec(filled.replaceAll('$$', ''))?.[0];
  return odd === undefined ? { text: filled } : { unknown: odd };
}
