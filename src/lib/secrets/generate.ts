import { randomInt } from 'node:crypto';
import type { SecretDeclaration } from '../config/secret-declaration.js';
import { ALPHABETS } from '../config/secret-meaning.js';

export type GenerateSettings = NonNullable<SecretDeclaration['generate']>;

/** For a secret that is rotated and does not say how its values are made. */
export const USUAL: GenerateSettings = { length: 32, alphabet: 'alphanumeric' };

/** Each character drawn evenly from the operating system's randomness. */
export function generateValue(
  { length, alphabet }: GenerateSettings,
  draw: (below: number) => number = (below) => randomInt(below),
): string {
  const named = (ALPHABETS as Readonly<Record<string, string>>)[alphabet] ?? alphabet;
  // A character that is given twice must not be drawn twice as often.
  const characters = [...new Set(named)];
  return Array.from({ length }, () => characters[draw(characters.length)] ?? '').join('');
}
