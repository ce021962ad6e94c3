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

export const isSubmodule = ({ mode }: Entry): boolean => mode === '160000';
