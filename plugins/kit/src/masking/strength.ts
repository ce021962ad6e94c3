/** How a value is looked for: what is short or common stands in every text, and means nothing there. */

/** Shorter values are not masked: replacing every `ab` would destroy the output and hide nothing. */
export const SHORTEST_MASKED = 4;
/** Shorter ones only where they stand alone. */
const SHORTEST_ANYWHERE = 8;
/** Longest word, longest name of several words, and longest number; what is longer is a passphrase or an id. */
const LONGEST = { word: 16, name: 12, number: 19 } as const;
export const LIMITS = { masked: SHORTEST_MASKED, anywhere: SHORTEST_ANYWHERE, ...LONGEST } as const;

/**
 * `never`: too short. `word`: only where it stands alone, as a whole word; never inside another one, or in a name or path.
 * `anywhere`: in every spelling, and every longer piece of it.
 */
export type Strength = 'anywhere' | 'never' | 'word';

/** Words, numbers, addresses: `8080`, `plausible`, `10.0.0.5`, `us-east-1`, `my-app.example.com`, `me@example.com`. */
export function isCommon(value: string): boolean {
  const parts = value.split(/[-_.:@]/);
  const numbers = parts.every((part) => /^[0-9]+$/.test(part));
  if (!numbers && !parts.every((part) => /^(?:[A-Za-z]+|[0-9]{1,2})$/.test(part))) return false;
  const longest = numbers ? LONGEST.number : parts.length === 1 ? LONGEST.word : LONGEST.name;
  return value.length <= longest || /[A-Za-z]\.[A-Za-z]{2,24}$/.test(value);
}

/** What stands behind `scheme://` where enough does: the scheme stands in many texts. */
export function withoutScheme(value: string): string {
  const rest = value.slice(value.search(/:\/\//) + 3);
  return /^[A-Za-z][A-Za-z0-9+.-]{0,20}:\/\//.test(value) && rest.length >= SHORTEST_ANYWHERE ? rest : value;
}

/** Of one line. */
export function strengthOf(value: string): Strength {
  const { length } = value.trim();
  if (length < SHORTEST_MASKED) return 'never';
  return length < SHORTEST_ANYWHERE || isCommon(withoutScheme(value.trim())) ? 'word' : 'anywhere';
}

/** The weakest that a person should know of; a value with several lines is as strong as its strongest. */
export function strengthOfValue(value: string): Strength {
  const found = new Set(secretLines(value).map(strengthOf));
  return found.has('anywhere') ? 'anywhere' : found.has('word') ? 'word' : 'never';
}

/** The lines of a value that are secret: each may be printed alone. The armour of a key is in every key. */
export function secretLines(value: string): readonly string[] {
  return value
    .split(/\r\n|\r|\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '' && !/^-----(?:BEGIN|END) [A-Z0-9 ]{1,60}-----$/.test(line));
}
