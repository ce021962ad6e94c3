/**
 * Values that must not be shown. A Redactor is filled as secrets become known and is applied by the one place that
 * writes (Io and the error printer), so that a value cannot leak through a message built elsewhere.
 */

/** Shorter values are not masked: replacing every `ab` would destroy the output and hide nothing. */
export const SHORTEST_MASKED = 4;
export const MASK = '[redacted]';

/**
 * Base64 of the value wherever it stands inside longer base64, as in `Basic base64(user:password)`: at each of the three
 * offsets, the characters that the neighbours do not touch.
 */
function base64Inside(bytes: Buffer): readonly string[] {
  return [0, 1, 2].map((offset) => {
    const text = Buffer.concat([Buffer.alloc(offset), bytes]).toString('base64');
    return text.slice([0, 2, 3][offset], Math.floor(((offset + bytes.length) * 8) / 6));
  });
}

const percentUpper = (text: string): string =>
  [...Buffer.from(text)].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join('');

/** Every spelling of a value that is looked for: raw, JSON, URL, base64, hex; each line of one with several lines. */
export function maskedForms(value: string): readonly string[] {
  const parts = [value, ...value.split(/\r\n|\r|\n/)].filter((part) => part.length >= SHORTEST_MASKED);
  const forms = parts.flatMap((part) => {
    const bytes = Buffer.from(part);
    const base64 = [bytes.toString('base64').replace(/=+$/, ''), ...base64Inside(bytes)];
    const url = encodeURIComponent(part);
    return [
      part,
      JSON.stringify(part).slice(1, -1),
      // As Compose prints it, so that it could be read again.
      part.replaceAll('$', '$$$$'),
      url,
      url.replaceAll('%20', '+'),
      url.replaceAll(/%[0-9A-F]{2}/g, (code) => code.toLowerCase()),
      url.replaceAll(/[!'()*]/g, percentUpper),
      ...base64,
      ...base64.map((text) => text.replaceAll('+', '-').replaceAll('/', '_')),
      bytes.toString('hex'),
      bytes.toString('hex').toUpperCase(),
    ];
  });
  return [...new Set(forms)].filter((form) => form.length >= SHORTEST_MASKED).sort((a, b) => b.length - a.length);
}

export class Redactor {
  /** Longest first: a form that contains another must win. */
  #forms: readonly string[] = [];

  /** Registers a value with its base64, URL-encoded and hex forms, and each line of a multi-line value. */
  add(value: string): void {
    const all = new Set([...this.#forms, ...maskedForms(value)]);
    this.#forms = [...all].sort((a, b) => b.length - a.length);
  }

  clean(text: string): string {
    let out = text;
    for (const form of this.#forms) if (out.includes(form)) out = out.replaceAll(form, MASK);
    return out;
  }
}

/** A value whose printed forms are all the mask; `reveal()` at the last moment. */
export class Sensitive {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return MASK;
  }

  toJSON(): string {
    return MASK;
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return MASK;
  }
}
