/**
 * Values that must not be shown. A Redactor is filled as secrets become known and is applied by the one place that
 * writes (Io and the error printer), so that a value cannot leak through a message built elsewhere.
 */

/** Shorter values are not masked: replacing every `ab` would destroy the output and hide nothing. */
const SHORTEST = 4;
export const MASK = '[redacted]';

export class Redactor {
  readonly #needles = new Set<string>();
  #pattern: RegExp | undefined;

  /** Registers a value with its base64, URL-encoded and hex forms, and each line of a multi-line value. */
  add(value: string): void {
    const parts = [value, ...value.split(/\r?\n/)].filter((part) => part.length >= SHORTEST);
    for (const part of parts) {
      const bytes = Buffer.from(part);
      for (const form of [
        part,
        JSON.stringify(part).slice(1, -1),
        encodeURIComponent(part),
        bytes.toString('base64').replace(/=+$/, ''),
        bytes.toString('base64url'),
        bytes.toString('hex'),
      ])
        this.#needles.add(form);
    }
    this.#pattern = undefined;
  }

  clean(text: string): string {
    if (this.#needles.size === 0) return text;
    // Longest first: a needle that contains another must win.
    this.#pattern ??= new RegExp(
      [...this.#needles]
        .sort((a, b) => b.length - a.length)
        .map((needle) => needle.replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&'))
        .join('|'),
      'g',
    );
    return text.replace(this.#pattern, MASK);
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
