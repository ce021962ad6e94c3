/** JSON as Perl's JSON::XS prints it: keys in order, no number with more than 15 digits. */

function scalar(value: unknown): string {
  if (typeof value === 'number' && !Number.isInteger(value)) return String(Number(value.toPrecision(15)));
  return JSON.stringify(value) ?? 'null';
}

const entriesOf = (value: object): readonly (readonly [string, unknown])[] =>
  Object.entries(value)
    .filter(([, part]) => part !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));

/** On one line. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return scalar(value);
  return `{${entriesOf(value)
    .map(([key, part]) => `${JSON.stringify(key)}:${canonical(part)}`)
    .join(',')}}`;
}

/** With three spaces a level, and a line end. */
export function pretty(value: unknown): string {
  const write = (part: unknown, indent: string): string => {
    const deeper = `${indent}   `;
    if (Array.isArray(part)) {
      if (part.length === 0) return '[]';
      return `[\n${part.map((each) => `${deeper}${write(each, deeper)}`).join(',\n')}\n${indent}]`;
    }
    if (typeof part !== 'object' || part === null) return scalar(part);
    const lines = entriesOf(part).map(([key, each]) => `${deeper}${JSON.stringify(key)} : ${write(each, deeper)}`);
    return lines.length === 0 ? '{}' : `{\n${lines.join(',\n')}\n${indent}}`;
  };
  return `${write(value, '')}\n`;
}
