/** The code blocks of a page of documentation, and the lines in them that somebody would type. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './cli.js';

export interface Block {
  readonly page: string;
  /** Of its first line. */
  readonly line: number;
  readonly kind: 'other' | 'shell' | 'yaml';
  readonly lines: readonly string[];
  /** The reason of `<!-- not run: reason -->` above it, or where it is run: `<!-- run: on the host -->`. */
  readonly notRun: string | undefined;
  /** It is typed on the Proxmox host. */
  readonly onHost: boolean;
  /** Of `<!-- instead: what -->`: another way than the one that is followed. */
  readonly instead: boolean;
}

/** A command line of zebu, as words behind `zebu`. */
export interface Typed {
  readonly at: string;
  readonly words: readonly string[];
}

export const PAGES = globSync(['README.md', 'docs/**/*.md', 'plugins/*/README.md', 'examples/**/README.md'], {
  cwd: ROOT,
}).toSorted();

const PROGRAMS = /^(\$ )?(zebu|npm|npx|node|git|ssh|ssh-keygen|pveum|qm|docker|task|curl|sudo|eval|export|cd|openssl) /;
const SHELLS = new Set(['sh', 'bash', 'shell', 'console']);
const MARKER = /^<!-- (not run|run|instead): (\S.*\S) -->$/;

function kindOf(language: string | undefined, lines: readonly string[], above: string): Block['kind'] {
  if (language === 'yaml' || language === 'yml') return 'yaml';
  if (language !== undefined && SHELLS.has(language)) return 'shell';
  // In the reference of commands the examples are plain text.
  if (language === 'text') return above === 'Examples:' ? 'shell' : 'other';
  if (language !== undefined) return 'other';
  if (lines.some((line) => PROGRAMS.test(line))) return 'shell';
  return /^[a-z_]+:( |$)/.test(lines[0] ?? '') ? 'yaml' : 'other';
}

/** Fenced and indented blocks. @param text of a page in Markdown */
export function blocksOf(page: string, text: string): readonly Block[] {
  const all = text.split('\n');
  const blocks: Block[] = [];
  const add = (start: number, language: string | undefined, lines: readonly string[], before: number): void => {
    const above = all.slice(0, before).findLast((line) => line.trim() !== '') ?? '';
    const [, marker, text] = MARKER.exec(above.trim()) ?? [];
    const kind = kindOf(language, lines, above);
    const instead = marker === 'instead';
    blocks.push({
      page,
      line: start + 1,
      kind,
      lines,
      notRun: instead ? undefined : text,
      onHost: marker === 'run' && text === 'on the host',
      instead,
    });
  };
  for (let index = 0; index < all.length; index++) {
    const [, fence, language = ''] = /^(`{3,})(\w*)/.exec(all[index] ?? '') ?? [];
    const indented = fence === undefined && /^ {4}\S/.test(all[index] ?? '') && (all[index - 1] ?? '') === '';
    if (fence === undefined && !indented) continue;
    const start = fence === undefined ? index : index + 1;
    let end = start;
    const goesOn = (line: string): boolean => (fence === undefined ? /^( {4}|$)/.test(line) : !line.startsWith(fence));
    while (end < all.length && goesOn(all[end] ?? '')) end++;
    const lines = all.slice(start, end).map((line) => (fence === undefined ? line.slice(4) : line));
    add(start, fence === undefined ? undefined : language, lines, index);
    index = fence === undefined ? end - 1 : end;
  }
  return blocks;
}

/** What is behind `#`, or behind wide blanks, is explanation. */
export const withoutComment = (line: string): string =>
  line
    .replace(/\s+#(\s.*)?$/, '')
    .replace(/(\S) {3,}\S.*$/, '$1')
    .trimEnd();

/** The words of one command; quotes hold them together as in a shell. */
const wordsOf = (text: string): readonly string[] =>
  [...text.matchAll(/(?:"[^"]*"|'[^']*'|[^\s"'])+/g)].map(([word]) => word.replaceAll(/^["']|["']$/g, ''));

/**
 * What is typed of zebu in one line: behind `#`, or behind wide blanks, is explanation; `|`, `&&`, `;`, `<`, `>` and
 * parentheses end a command.
 */
export function typedIn(line: string): readonly (readonly string[])[] {
  return (
    withoutComment(line)
      .split(/&&|[|;<>()]/)
      .flatMap((part) => /^["'\s]*(?:\$ )?(?:[A-Z_]+=\S* )*(?:npx )?zebu (.+)$/.exec(part)?.[1] ?? [])
      // The end of `"$(zebu …)"` has a quote that is not its own.
      .map((rest) => wordsOf((rest.match(/"/g) ?? []).length % 2 === 1 ? rest.replace(/"\s*$/, '') : rest))
  );
}

export function typedOf({ page, line, lines }: Block): readonly Typed[] {
  return lines.flatMap((text, index) => typedIn(text).map((words) => ({ at: `${page}:${line + index}`, words })));
}

/** Of one page, or of what stands under one of its headings, such as `## Start`. */
export function blocksUnder(page: string, heading?: string): readonly Block[] {
  const text = readFileSync(join(ROOT, page), 'utf8');
  const blocks = blocksOf(page, text);
  if (heading === undefined) return blocks;
  const lines = text.split('\n');
  const from = lines.indexOf(heading);
  if (from === -1) throw new Error(`${page} has no ${heading}`);
  const next = lines.findIndex((line, index) => index > from && /^##? /.test(line));
  const end = next === -1 ? lines.length : next;
  return blocks.filter(({ line }) => line > from && line <= end);
}

/** Of every page. */
export function allBlocks(): readonly Block[] {
  return PAGES.flatMap((page) => blocksOf(page, readFileSync(join(ROOT, page), 'utf8')));
}
