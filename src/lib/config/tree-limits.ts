/** What a configuration may not be made of: names that mean something to JavaScript, and more than anybody writes. */

const FORBIDDEN = new Set(['__proto__', 'constructor', 'prototype']);
const DEEPEST = 40;
const MOST = 100_000;

/** A key that would change every object, or that every object has already. */
export const isForbidden = (key: string): boolean => FORBIDDEN.has(key);

/** @throws an error in words when it is too large, too deep, in itself, or has a key that it may not have */
export function checkTree(tree: unknown): void {
  let count = 0;
  const look = (value: unknown, depth: number): void => {
    if (typeof value !== 'object' || value === null) return;
    if (depth > DEEPEST) throw new Error('nested too deep');
    if (++count > MOST) throw new Error('it grows too large');
    if (value instanceof Map || value instanceof Set) throw new Error('maps with keys that are no words');
    for (const [key, below] of Object.entries(value)) {
      if (!Array.isArray(value) && isForbidden(key)) throw new Error(`\`${key}\` cannot be a key`);
      look(below, depth + 1);
    }
  };
  look(tree, 0);
}
