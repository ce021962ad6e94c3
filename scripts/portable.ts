/**
 * What not every machine that a script may run on knows, as far as its text shows: Debian and Ubuntu have GNU's coreutils or, since
 * Ubuntu 25.10, those of Rust, mawk of several ages or another awk, and perhaps the shell and programs of busybox.
 */
import { readFileSync } from 'node:fs';

const RULES: readonly { readonly fault: RegExp; readonly why: string }[] = [
  {
    fault: /\bgrep(?: -[A-Za-z]+)* -[A-Za-z]*f\b/,
    why: 'grep -f: to that of busybox every line fits a file that is empty; compare with awk',
  },
  {
    fault: /\bdate (?!-u -d )(?:\S+ )*(?:-[A-Za-z]*d\b|--date)/,
    why: 'date -d: each reads `date -u -d` with @SECONDS or YYYY-MM-DD hh:mm:ss, and hardly anything else',
  },
  { fault: /\bdf -[A-Za-z]*m\b/, why: 'df -m: those of Rust have no -m; take -k' },
  {
    fault: /\b(?:gensub|strftime|systime|mktime|asorti?|strtonum)\(/,
    why: 'no awk but gawk is sure to have this function',
  },
  {
    fault: /\bawk\b.*\/[^/]*[^\\$/]\{\d+(?:,\d*)?\}[^/]*\//,
    why: '{N}: the mawk of Debian 12 and Ubuntu 22.04 takes it for itself',
  },
];

/** Of a file of awk alone, where each line is its. */
const OF_AWK = { fault: /[^\\$]\{\d+(?:,\d*)?\}/, why: RULES.at(-1)?.why ?? '' };

/** @returns line and reason of what a machine may not know */
export function unportable(text: string, isAwk = false): readonly { readonly line: number; readonly why: string }[] {
  const rules = isAwk ? [...RULES, OF_AWK] : RULES;
  return text.split('\n').flatMap((line, at) => {
    if (/^\s*#/.test(line)) return [];
    const found = rules.find(({ fault }) => fault.test(line));
    return found === undefined ? [] : [{ line: at + 1, why: found.why }];
  });
}

/** The same of a file, as a linter says it. */
export const unportableInFile = (root: string, path: string): readonly string[] =>
  unportable(readFileSync(`${root}${path}`, 'utf8'), path.endsWith('.awk')).map(
    ({ line, why }) => `${path}:${line}: ${why}\n`,
  );
