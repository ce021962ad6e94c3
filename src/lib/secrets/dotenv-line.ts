/**
 * One `NAME=value` line that Compose reads back as the same value: in single quotes nothing is special, so they are used
 * wherever the value allows it; otherwise double quotes with escapes. Always one line, so that versions can be merged by
 * line.
 */
export function dotenvLine(name: string, value: string): string {
  if (!/['\n\r\\]/.test(value)) return `${name}='${value}'`;
  const escaped = value
    .replaceAll('\\', '\\\\')
    .replaceAll('"', '\\"')
    .replaceAll('$', '\\$')
    .replaceAll('\n', '\\n')
    .replaceAll('\r', '\\r');
  return `${name}="${escaped}"`;
}
