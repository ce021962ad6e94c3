import { globSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { FOLDERS } from './table.ts';

export interface Import {
  /** Below the folder that was looked through, as `vm/plan.ts`. */
  readonly file: string;
  readonly target: string;
  /** Their folders; empty for a file that lies in none. */
  readonly from: string;
  readonly to: string;
}

const SPECIFIER = /\b(?:from|import)\s*\(?\s*'(\.[^']+)'/g;
/** Of a script, see scripts/script-text.ts. */
const INCLUDE = /^[ \t]*# include (\.\S+)$/gm;

const folderOf = (file: string): string => (file.includes('/') ? (file.split('/')[0] ?? '') : '');

/** All imports between two folders of `source`: of types, at run time, and of a script in another. */
export function importsOf(source: URL): readonly Import[] {
  const root = fileURLToPath(source);
  return globSync('**/*.{ts,sh,awk,pl}', { cwd: root })
    .map((file) => file.replaceAll('\\', '/'))
    .toSorted()
    .flatMap((file) => {
      const text = readFileSync(`${root}${file}`, 'utf8');
      return [...text.matchAll(file.endsWith('.ts') ? SPECIFIER : INCLUDE)].map(([, specifier = '']) => {
        const target = posix.join(posix.dirname(file), specifier);
        return { file, target, from: folderOf(file), to: folderOf(target) };
      });
    })
    .filter(({ from, to, target }) => from !== to && !target.startsWith('../'));
}

/** One line for each import that the table does not allow, with what to do instead. */
export function againstDirection(imports: readonly Import[]): readonly string[] {
  return imports.flatMap(({ file, target, from, to }) => {
    const folder = FOLDERS.find(({ name }) => name === from);
    if (folder === undefined)
      return [`${file}: the folder '${from}' is not in scripts/house/table.ts: give it its place there`];
    if (folder.uses.includes(to)) return [];
    const below = FOLDERS.findIndex(({ name }) => name === to) > FOLDERS.indexOf(folder);
    const instead = below
      ? `move what both need up into ${from} or above it, or hand it down as a parameter`
      : `if ${from} should know ${to}, say so in scripts/house/table.ts`;
    return [`${file} imports ${target}, but ${from} may not import from ${to || 'src/lib itself'}: ${instead}`];
  });
}
