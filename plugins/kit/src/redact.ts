import { isCommon } from './masking/strength.js';
import { fromBytes, toBytes, views } from './masking/read.js';
import { Values } from './masking/values.js';

/**
 * Values that must not be shown. A Redactor is filled as secrets become known and is applied by the one place that
 * writes (Io and the error printer), so that a value cannot leak through a message built elsewhere.
 */

export { isCommon, SHORTEST_MASKED } from './masking/strength.js';
export const MASK = '[redacted]';

export class Redactor {
  readonly #values = new Values();

  /** Registers a value: each of its lines, in every spelling of `masking/readings.ts`, by the rules of `masking/strength.ts`. */
  add(value: string): void {
    this.#values.add(value);
  }

  /** Names that zebu prints itself, of services and containers and apps: where one is a common value too, it stays. */
  spare(...names: readonly string[]): void {
    for (const name of names) this.#values.spare(name);
  }

  /** A text without the values. Not for what is serialised already: see `cleanDeep`. */
  clean(text: string): string {
    if (this.#values.size === 0 || text.length < 4) return text;
    const bytes = toBytes(text);
    const found: (readonly [number, number])[] = [];
    for (const view of views(bytes)) this.#values.find(view.text, (start, end) => found.push(view.source(start, end)));
    if (found.length === 0) return text;
    const parts: string[] = [];
    let done = 0;
    let masked = -1;
    for (const [start, end] of found.sort(([a], [b]) => a - b)) {
      if (end <= done) continue;
      // Matches that touch become one mask.
      if (start > masked) parts.push(bytes.slice(done, start), MASK);
      masked = done = end;
    }
    return fromBytes(parts.join('') + bytes.slice(done));
  }

  /**
   * The same of every text in a value that is going to be serialised. Keys, numbers and switches stay, and a text that is
   * nothing but a common word or a number: they are names, states and codes of zebu, and a result that cannot be read, or in
   * which `false` is missing, says more than it hides.
   */
  cleanDeep<T>(value: T): T {
    if (this.#values.size === 0) return value;
    const seen = (each: unknown): unknown => {
      if (typeof each === 'string') return isCommon(each) ? each : this.clean(each);
      if (Array.isArray(each)) return each.map(seen);
      if (typeof each !== 'object' || each === null) return each;
      const { toJSON } = each as { toJSON?: unknown };
      if (typeof toJSON === 'function') return seen((toJSON as () => unknown).call(each));
      return Object.fromEntries(Object.entries(each).map(([key, below]) => [key, seen(below)]));
    };
    return seen(value) as T;
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
