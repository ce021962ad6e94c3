/** What the documentation tells people to type is there: every command and every flag. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT } from '../../support/cli.js';

interface Command {
  readonly aliases?: readonly string[];
  readonly flags: Readonly<Record<string, { readonly char?: string; readonly allowNo?: boolean }>>;
}

const commands = new Map<string, Command>();
const ids: string[] = [];
for (const file of ['oclif.manifest.json', 'plugins/lab/oclif.manifest.json']) {
  const manifest = JSON.parse(readFileSync(ROOT + file, 'utf8')) as { commands: Record<string, Command> };
  for (const [id, command] of Object.entries(manifest.commands)) {
    ids.push(id);
    for (const name of [id, ...(command.aliases ?? [])]) commands.set(name, command);
  }
}
/** Of oclif itself. */
const OF_ALL = new Set(['--help', '-h', '--version', '-v']);
const BUILT_IN = new Set(['help', '__complete']);

interface Said {
  readonly page: string;
  readonly line: number;
  /** The words behind `zebu`. */
  readonly words: readonly string[];
}

/** Command lines of a page: indented or fenced blocks, and what stands between backticks. */
function said(page: string): Said[] {
  const lines = readFileSync(join(ROOT, page), 'utf8').split('\n');
  return lines.flatMap((text, index) => {
    const inline = [...text.matchAll(/`([^`]*\bzebu [^`]*)`/g)].map((match) => match[1] ?? '');
    const block = /^( {4}|\t)|^(\$ )?(npx )?zebu [a-z]/.test(text) ? [text] : [];
    return [...inline, ...block].flatMap((command) =>
      command
        // What stands behind `#` or wide blanks explains; what stands behind `|`, `&&` or `;` is another command.
        .replace(/\s#.*$|\s{2,}(?! *--).*$/, (tail, offset: number) => (offset < 5 ? tail : ''))
        .split(/\||&&|;|\$\(|\)/)
        .flatMap((part) => /(?:^|[\s"'])zebu +([a-z_].*|--.*)$/.exec(part)?.[1] ?? [])
        .map((rest) => ({ page, line: index + 1, words: rest.trim().split(/\s+/) })),
    );
  });
}

function problems({ words, page, line }: Said): string[] {
  const [id = '', ...rest] = words.map((word) => word.replace(/^["'[(]+|["'\]),.:]+$/g, ''));
  const at = `${page}:${line}: zebu ${words.join(' ')}`;
  if (id.startsWith('-')) return OF_ALL.has(id) ? [] : [`${at}: a command comes first`];
  if (BUILT_IN.has(id)) return [];
  const command = commands.get(id);
  if (command === undefined) return /^[a-z]+(:[a-z]+)+$/.test(id) ? [`${at}: there is no such command`] : [];
  const end = rest.indexOf('--');
  const flags = (end === -1 ? rest : rest.slice(0, end)).filter((word) => /^--?[a-z]/.test(word));
  return flags.flatMap((flag) => {
    const name = flag.split('=', 1)[0] ?? '';
    const known = Object.entries(command.flags).some(
      ([own, { char, allowNo }]) =>
        name === `--${own}` || name === `-${char ?? ''}` || (allowNo === true && name === `--no-${own}`),
    );
    return known || OF_ALL.has(name) || name === '--json' ? [] : [`${at}: ${id} has no ${name}`];
  });
}

/** What the program itself tells people to type: in its texts, up to the end of the sentence. */
function toldBy(file: string): Said[] {
  const lines = readFileSync(join(ROOT, file), 'utf8').split('\n');
  return lines.flatMap((text, index) =>
    /^\s*(\/\/|\*|\/\*)/.test(text)
      ? []
      : [...text.matchAll(/['"`( ]zebu +((?:--)?[a-z][^'"`]*)/g)].flatMap((match) => {
          const [command = ''] = (match[1] ?? '').split(/[;,|&]|\. |: /);
          return [{ page: file, line: index + 1, words: command.trim().split(/\s+/) }];
        }),
  );
}

const sources = globSync(['src/**/*.ts', 'plugins/*/src/**/*.ts'], { cwd: ROOT }).toSorted();

describe('what zebu says', () => {
  it('names commands and flags that there are', () => {
    const all = sources.flatMap(toldBy);
    expect(all.filter(({ words }) => commands.has(words[0] ?? '')).length).toBeGreaterThan(80);
    expect(all.flatMap(problems)).toEqual([]);
  });

  it('is read as people read it', () => {
    const line = "hint: 'Retry; `zebu --debug` shows it. Or: zebu vm:create --nope, then wait'";
    const found = [...line.matchAll(/['"`( ]zebu +((?:--)?[a-z][^'"`]*)/g)].map(([, words = '']) => words);
    expect(found).toEqual(['--debug', 'vm:create --nope, then wait']);
    expect(problems({ page: 'x', line: 1, words: ['--debug'] })).toEqual([expect.stringContaining('comes first')]);
  });
});

const pages = globSync(['*.md', 'docs/*.md', 'plugins/*/README.md', 'examples/**/README.md', 'templates/**/*.md'], {
  cwd: ROOT,
}).toSorted();

describe('the documentation', () => {
  it('names commands and flags that there are', () => {
    const all = pages.flatMap(said);
    expect(all.length).toBeGreaterThan(100);
    expect(all.flatMap(problems)).toEqual([]);
  });

  it.each([
    ['vm:creat', 'there is no such command'],
    ['vm:create --dryrun', 'vm:create has no --dryrun'],
    ['app:logs -f --sinse 1h web', 'app:logs has no --sinse'],
    ['app:run web -- ls --color', undefined],
  ])('is not believed when it says zebu %s', (words, problem) => {
    const found = problems({ page: 'x', line: 1, words: words.split(' ') });
    if (problem === undefined) expect(found).toEqual([]);
    else expect(found).toEqual([expect.stringContaining(problem)]);
  });

  it('names every command somewhere', () => {
    const text = pages.map((page) => readFileSync(join(ROOT, page), 'utf8')).join('\n');
    const unnamed = ids.filter((id) => !new RegExp(`\\b${id}\\b`).test(text));
    expect(unnamed).toEqual([]);
  });
});
