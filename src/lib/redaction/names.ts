import { isIP } from 'node:net';

export type NameKind = 'email' | 'fingerprint' | 'host' | 'ip' | 'key' | 'mac' | 'token' | 'user';

const WORDS_OF_PLACEHOLDERS = ['email', 'fingerprint', 'host', 'ip', 'key', 'mac', 'token', 'user'];

/** Names that identify nobody. */
const EVERYBODYS = ['admin', 'debian', 'docker', 'localhost', 'node', 'proxmox', 'root', 'server', 'ubuntu', 'zebu'];

/**
 * Stands in for what tells who and where somebody is: the same thing becomes the same placeholder wherever it appears, so
 * that the text can still be followed.
 */
export class Names {
  readonly #placeholders = new Map<string, string>();
  readonly #counts = new Map<NameKind, number>();
  readonly #learned = new Map<string, NameKind>();
  readonly #ordinary: ReadonlySet<string>;

  /** @param ordinary words that mean something else in the text, such as the parts of configuration keys */
  constructor(ordinary: Iterable<string> = []) {
    this.#ordinary = new Set([...EVERYBODYS, ...WORDS_OF_PLACEHOLDERS, ...ordinary]);
  }

  isOrdinary(word: string): boolean {
    return this.#ordinary.has(word.toLowerCase());
  }

  /** The placeholder, as `<host-1>`. */
  of(kind: NameKind, value: string): string {
    const folded = value.toLowerCase();
    const real = kind === 'host' && isIP(folded) !== 0 ? 'ip' : kind;
    const key = `${real} ${folded}`;
    const known = this.#placeholders.get(key);
    if (known !== undefined) return known;
    const count = (this.#counts.get(real) ?? 0) + 1;
    this.#counts.set(real, count);
    const made = `<${real}-${count}>`;
    this.#placeholders.set(key, made);
    return made;
  }

  /** From here on the word is replaced in any text. An ordinary word is not: it would make the text unreadable. */
  learn(kind: NameKind, value: string | undefined): void {
    const word = value?.trim().toLowerCase() ?? '';
    if (word.length < 2 || /^\d+$/.test(word) || this.isOrdinary(word)) return;
    if (!this.#learned.has(word)) this.#learned.set(word, kind);
    this.of(this.#learned.get(word) ?? kind, word);
  }

  /** Puts placeholders for every word that was learned, longest first: `pve.example` before `pve`. */
  replaceLearned(text: string): string {
    let out = text;
    for (const [word, kind] of [...this.#learned].toSorted(([a], [b]) => b.length - a.length)) {
      const pattern = word.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
      // A hyphen in front belongs to a longer name; one behind may be what a program added: `pve-manager`.
      out = out.replaceAll(new RegExp(`(?<![\\p{L}\\p{N}_])${pattern}(?![\\p{L}\\p{N}_])`, 'giu'), () =>
        this.of(kind, word),
      );
    }
    return out;
  }
}
