import { createHash } from 'node:crypto';

/** What the VM keeps from one deploy to the next, so that it need not be sent again: path → SHA-256, in hex. */
export type Sums = ReadonlyMap<string, string>;

export const sumOf = (text: string): string => createHash('sha256').update(text).digest('hex');

/** Reads `HASH  PATH` lines, as `sha256sum` prints them, among others. */
export function parseSums(lines: readonly string[]): Sums {
  return new Map(
    lines.flatMap((line) => (/^[0-9a-f]{64} {2}/.test(line) ? [[line.slice(66), line.slice(0, 64)]] : [])),
  );
}
