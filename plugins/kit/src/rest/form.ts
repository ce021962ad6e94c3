/** Parameters as PVE takes them: booleans as 1/0, lists as repeated keys, undefined left out. */
export function encodeForm(params: Readonly<Record<string, unknown>>): string {
  const form = new URLSearchParams();
  const add = (key: string, value: unknown): void => {
    if (value === undefined || value === null) return;
    if (typeof value === 'boolean') form.append(key, value ? '1' : '0');
    else if (typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint')
      form.append(key, String(value));
    else throw new TypeError(`the parameter ${key} is neither text, number nor boolean`);
  };
  for (const [key, value] of Object.entries(params)) {
    if (Array.isArray(value)) for (const item of value) add(key, item);
    else add(key, value);
  }
  return form.toString();
}
