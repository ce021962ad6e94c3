import { dotenvEntries } from './parse.js';

/** The value in double quotes, on one line, with everything that means something there escaped. */
function escaped(value: string): string {
  const inner = value
    .replaceAll('\\', '\\\\')
    .replaceAll('"', '\\"')
    .replaceAll('$', '\\$')
    .replaceAll('\n', '\\n')
    .replaceAll('\r', '\\r');
  return `"${inner}"`;
}

/**
 * One `NAME=value` line that Compose reads back as the same value: in single quotes nothing is special, so they are used
 * wherever the value allows it. Always one line, so that versions can be merged by line.
 */
export function dotenvLine(name: string, value: string): string {
  return `${name}=${/['\n\r\\]/.test(value) ? escaped(value) : `'${value}'`}`;
}

/** How a person would write it: bare where nothing is special, over several lines where the value has them. */
export function dotenvValue(value: string): string {
  if (/^[A-Za-z0-9_@%+=:,./-]+$/.test(value)) return value;
  return /['\r\\]/.test(value) ? escaped(value) : `'${value}'`;
}

/**
 * Sets and removes (undefined) values in KEY=value text. Comments, order, `export` and everything else stay as they are;
 * new names go to the end. Of a name given twice the last one, which counts, is set; all are removed.
 * @throws DotenvSyntaxError
 */
export function editDotenv(text: string, changes: ReadonlyMap<string, string | undefined>): string {
  const entries = dotenvEntries(text);
  const last = new Map(entries.map((entry) => [entry.name, entry]));
  let out = '';
  let copied = 0;
  for (const entry of entries) {
    if (!changes.has(entry.name)) continue;
    const value = changes.get(entry.name);
    if (value === undefined) {
      out += text.slice(copied, entry.at[0]);
      copied = entry.at[1];
    } else if (last.get(entry.name) === entry && entry.value !== value) {
      out += text.slice(copied, entry.valueAt[0]) + dotenvValue(value);
      copied = entry.valueAt[1];
    }
  }
  out += text.slice(copied);
  const eol = text.includes('\r\n') ? '\r\n' : '\n';
  for (const [name, value] of changes) {
    if (value === undefined || last.has(name)) continue;
    if (out !== '' && !out.endsWith('\n')) out += eol;
    out += `${name}=${dotenvValue(value)}${eol}`;
  }
  return out;
}
