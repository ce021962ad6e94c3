/**
 * The one place that turns values into shell words. Remote command lines are built from argv arrays through `sh`,
 * so that a hostile name, ref or path stays one word.
 */

const PLAIN = /^[A-Za-z0-9_@%+=:,./-]+$/;

/** One POSIX shell word. NUL cannot be passed to a process at all and is refused. */
export function quote(word: string): string {
  if (word.includes('\0')) throw new TypeError('a NUL byte cannot be part of a command');
  return PLAIN.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** An argv array as one POSIX command line. */
export function commandLine(argv: readonly string[]): string {
  return argv.map((word) => quote(word)).join(' ');
}

/**
 * Tagged template: literal parts are shell source as written, backslashes included; every value becomes one quoted word
 * (arrays: several).
 */
export function sh(source: TemplateStringsArray, ...values: readonly (number | string | readonly string[])[]): string {
  return source.raw.reduce((line, part, i) => {
    if (i === 0) return part;
    const value = values[i - 1] ?? '';
    return line + (typeof value === 'object' ? commandLine(value) : quote(String(value))) + part;
  }, '');
}

/**
 * Shell variables that a script finds set, one a line.
 * @param values by name
 * @throws TypeError for a name that a shell does not take
 */
export function variables(values: Readonly<Record<string, number | string>>): string {
  const lines = Object.entries(values).map(([name, value]) => {
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) throw new TypeError(`${name} is no name of a shell variable`);
    return `${name}=${quote(String(value))}\n`;
  });
  return lines.join('');
}
