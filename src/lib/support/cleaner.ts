import { printable, type Redactor } from '@zebu/kit/core';
import type { Names } from '../redaction/names.js';
import { withoutCredentials, withoutNames } from '../redaction/patterns.js';

const escaped = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);

/** Redacts what is known to be private, and what looks like it. */
export class Cleaner {
  readonly #redactors: readonly Redactor[];
  readonly #names: Names;
  readonly #keys: ReadonlySet<string>;
  readonly #folders: readonly (readonly [RegExp, string])[];

  /** @param folders path → what stands for it */
  constructor(
    redactors: readonly Redactor[],
    names: Names,
    keys: ReadonlySet<string>,
    folders: readonly (readonly [string, string])[],
  ) {
    this.#redactors = redactors;
    this.#names = names;
    this.#keys = keys;
    this.#folders = folders
      .filter(([path]) => path.length > 1)
      .map(([path, shown]) => [new RegExp(`${escaped(path)}(?![\\w.-])`, 'g'), shown]);
  }

  clean(text: string): string {
    const masked = (dirty: string): string => this.#redactors.reduce((out, redactor) => redactor.clean(out), dirty);
    // Secrets before names: a name inside one would break it up. On both sides of `printable`: one may hold what that drops.
    const secretless = withoutCredentials(masked(printable(masked(text))), this.#names);
    const placed = this.#folders.reduce((out, [pattern, shown]) => out.replaceAll(pattern, shown), secretless);
    return withoutNames(placed, this.#names, this.#keys);
  }
}
