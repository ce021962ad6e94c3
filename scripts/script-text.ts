import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * Shell, awk and Perl lie in files of their own, which a linter reads, and are imported as text. What is said at their top,
 * up to the first empty line, is for who reads them and is not part of the text; no more are the words to the linter.
 *
 * A line `# include ./other.awk` stands for the text of that file.
 */
export const SCRIPT_FILE = /\.(?:sh|awk|pl|bash|zsh|fish|ps1)$/;

/** Of these all is for who has them: they go to a person's own shell as they are. */
const AS_IT_IS = /\.(?:bash|zsh|fish|ps1)$/;

/** @param path of the file @returns what is sent to the machine where it runs */
export function scriptText(path: string): string {
  const text = readFileSync(path, 'utf8');
  if (AS_IT_IS.test(path)) return text;
  const lines = text.split('\n');
  const top = lines.findIndex((line) => !line.startsWith('#'));
  if (lines[top] !== '') throw new Error(`${path}: its first lines say what it is, and then comes an empty line`);
  return lines
    .slice(top)
    .filter((line) => !/^\s*# shellcheck /.test(line))
    .join('\n')
    .replaceAll(/^[ \t]*# include (\S+)$/gm, (_, other: string) =>
      scriptText(join(dirname(path), other)).replace(/^\n/, ''),
    );
}
