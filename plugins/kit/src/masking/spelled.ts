/** A value in the spellings that leave none of its characters as it is. */

/**
 * Base64 of the bytes wherever they stand inside longer base64, as in `Basic base64(user:password)`: at each of the three
 * offsets, the characters that the neighbours do not touch.
 */
function base64Anywhere(bytes: Buffer): readonly string[] {
  return [0, 1, 2].map((offset) =>
    Buffer.concat([Buffer.alloc(offset), bytes])
      .toString('base64')
      .slice([0, 2, 3][offset], Math.floor(((offset + bytes.length) * 8) / 6)),
  );
}

const urlAlphabet = (text: string): string => text.replaceAll('+', '-').replaceAll('/', '_');

/** @param value one character a byte @param anywhere also where it stands between other bytes */
export function spelled(value: string, anywhere: boolean): readonly string[] {
  const bytes = Buffer.from(value, 'latin1');
  const base64 = anywhere ? base64Anywhere(bytes) : [bytes.toString('base64').replace(/={1,2}$/, '')];
  const hex = bytes.toString('hex');
  return [...new Set([value, ...base64, ...base64.map(urlAlphabet), hex, hex.toUpperCase()])];
}
