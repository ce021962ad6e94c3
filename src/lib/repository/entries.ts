export interface Entry {
  /** Octal, as git prints it: `160000` is a submodule. */
  readonly mode: string;
  /** 40 hex digits. */
  readonly object: string;
  /** From the top of the repository. */
  readonly path: string;
}

/** Reads `ls-tree -r -z` and `ls-files -s -z`. */
export function parseEntries(text: string): readonly Entry[] {
  return text.split('\0').flatMap((line) => {
    const tab = line.indexOf('\t');
    if (tab < 0) return [];
    const words = line.slice(0, tab).split(' ');
    const object = words.find((word) => /^[0-9a-f]{40}$/.test(word)) ?? '';
    return [{ mode: words[0] ?? '', object, path: line.slice(tab + 1) }];
  });
}

/** What `ls-tree -r -z` says, without taking it apart: a commit may have a hundred thousand files. */
export class Listing {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  get submodules(): boolean {
    return /(?:^|\0)160000 /.test(this.#text);
  }

  /** Whether any folder has a `.gitattributes`. */
  get attributes(): boolean {
    return /[\t/]\.gitattributes\0/.test(this.#text);
  }

  /** @param path from the top of the repository */
  has(path: string): boolean {
    const wanted = `\t${path}\0`;
    let at = this.#text.indexOf(wanted);
    // A tab within a name is none before it.
    while (at >= 0 && this.#text.lastIndexOf('\t', at - 1) > this.#text.lastIndexOf('\0', at))
      at = this.#text.indexOf(wanted, at + 1);
    return at >= 0;
  }
}

export const isSubmodule = ({ mode }: Entry): boolean => mode === '160000';
