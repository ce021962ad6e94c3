/** PVE's `value,key=value,…` strings, where the first part may be a bare value of the default key. */
export type Properties = ReadonlyMap<string, string>;

/** @param defaultKey the name a bare first part gets */
export function parseProperties(text: string, defaultKey: string): Map<string, string> {
  const properties = new Map<string, string>();
  for (const part of text.split(',')) {
    // As in Perl's split, a comma at the end means nothing.
    if (part === '') continue;
    const cut = part.indexOf('=');
    if (cut === -1) properties.set(defaultKey, part);
    else properties.set(part.slice(0, cut), part.slice(cut + 1));
  }
  return properties;
}

/** PVE prints the default key bare and first, the others in alphabetical order. */
export function formatProperties(properties: Properties, defaultKey: string): string {
  const rest = [...properties].filter(([key]) => key !== defaultKey).sort(([a], [b]) => (a < b ? -1 : 1));
  const bare = properties.get(defaultKey);
  return [...(bare === undefined ? [] : [bare]), ...rest.map(([key, value]) => `${key}=${value}`)].join(',');
}

const UNITS: Readonly<Record<string, number>> = { '': 1, K: 1024, M: 1024 ** 2, G: 1024 ** 3, T: 1024 ** 4 };

/** `10G` in bytes. */
export function parseSize(text: string): number | undefined {
  const [, digits, unit = ''] = /^(\d+(?:\.\d+)?)([KMGT]?)$/.exec(text) ?? [];
  return digits === undefined ? undefined : Math.floor(Number(digits) * (UNITS[unit] ?? 1));
}

/** The largest unit that divides evenly, as PVE prints sizes. */
export function formatSize(bytes: number): string {
  for (const [unit, factor] of Object.entries(UNITS).reverse()) {
    if (factor > 1 && bytes % factor === 0 && bytes >= factor) {
      // PVE keeps 2560M rather than 2.5G, and 4G rather than 4096M.
      return `${bytes / factor}${unit}`;
    }
  }
  return String(bytes);
}
