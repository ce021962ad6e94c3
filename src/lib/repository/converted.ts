import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ZebuError } from '@zebu/kit';
import { parseEntries, type Entry } from './entries.js';
import type { GitProgram } from './git-program.js';

const ATTRIBUTES = ['filter', 'text', 'eol', 'crlf', 'ident', 'working-tree-encoding'] as const;
type Attributes = Readonly<Record<(typeof ATTRIBUTES)[number], string>>;

/** A regular file whose checkout is another text than the commit has. */
export interface Converted extends Pick<Entry, 'mode' | 'path'> {
  /** The checkout, on this machine; absolute. */
  readonly file: string;
}

const isSet = (value: string): boolean => value !== 'unspecified' && value !== 'unset';

/** A driver's name; undefined without one. What Git LFS keeps is put in place from its store. */
function driverOf({ filter }: Attributes): string | undefined {
  return isSet(filter) && filter !== 'set' && filter !== 'lfs' ? filter : undefined;
}

function differs(attributes: Attributes): boolean {
  if (driverOf(attributes) !== undefined || isSet(attributes.ident)) return true;
  if (isSet(attributes['working-tree-encoding'])) return true;
  return attributes.eol === 'crlf' && attributes.text !== 'unset' && attributes.crlf !== 'unset';
}

/**
 * Hands what a checkout on this machine makes of files with filters, line endings and the like to `use`, as files that are
 * gone afterwards. Line endings are those of Linux where `.gitattributes` name none, whatever this machine prefers.
 * @param tree a commit or tree of the repository
 * @param ref for messages
 * @param prefix of paths in messages: where the repository is within another
 * @throws REPOSITORY_INCOMPLETE when a filter is not set up here, or fails
 */
export async function withConverted<T>(
  git: GitProgram,
  { tree, ref, prefix }: { readonly tree: string; readonly ref: string; readonly prefix: string },
  use: (files: readonly Converted[]) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'zebu-checkout-'));
  try {
    const files = await git.withIndex(async (env) => {
      await git.ok(['read-tree', tree], { env });
      const entries = parseEntries(await git.exact(['ls-files', '-s', '-z'], { env }));
      const known = await attributesOf(git, entries, env);
      const found = entries.filter(({ path }) => known.has(path));
      if (found.length === 0) return [];
      const required = await drivers(git, known, ref, prefix);
      const place = [`--git-dir=${await git.ok(['rev-parse', '--absolute-git-dir'])}`, `--work-tree=${folder}`];
      const settings = [
        'core.autocrlf=false',
        'core.eol=lf',
        ...required.map((name) => `filter.${name}.required=true`),
      ];
      const { code, stderr } = await git.run(
        [...place, ...settings.flatMap((setting) => ['-c', setting]), 'checkout-index', '-f', '-q', '-z', '--stdin'],
        { env, stdin: found.map(({ path }) => `${path}\0`).join('') },
      );
      if (code !== 0) {
        const why = stderr.trim().split('\n').at(-1) ?? '';
        throw new ZebuError('REPOSITORY_INCOMPLETE', `Files of ${ref} cannot be checked out on this machine: ${why}`, {
          hint: 'git checkout fails as well here; the filter that is named has to work on this machine.',
        });
      }
      return found.map(({ mode, path }) => ({ mode, path, file: join(folder, path) }));
    });
    return await use(files);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Path → attributes, of the regular files that a checkout converts. */
async function attributesOf(
  git: GitProgram,
  entries: readonly Entry[],
  env: NodeJS.ProcessEnv,
): Promise<ReadonlyMap<string, Attributes>> {
  const files = entries.filter(({ mode }) => mode.startsWith('100'));
  const stdin = files.map(({ path }) => `${path}\0`).join('');
  const answers = await git.exact(['check-attr', '--cached', '-z', '--stdin', ...ATTRIBUTES], { env, stdin });
  const fields = answers.split('\0');
  const size = ATTRIBUTES.length * 3;
  const found = new Map<string, Attributes>();
  for (let at = 0; at + size <= fields.length; at += size) {
    const values = ATTRIBUTES.map((name, index) => [name, fields[at + index * 3 + 2] ?? ''] as const);
    const attributes = Object.fromEntries(values) as Attributes;
    if (differs(attributes)) found.set(fields[at] ?? '', attributes);
  }
  return found;
}

/** The drivers that have something to do at a checkout. @throws REPOSITORY_INCOMPLETE for one that is not set up here */
async function drivers(
  git: GitProgram,
  known: ReadonlyMap<string, Attributes>,
  ref: string,
  prefix: string,
): Promise<readonly string[]> {
  const first = new Map<string, string>();
  for (const [path, attributes] of known) {
    const driver = driverOf(attributes);
    if (driver !== undefined && !first.has(driver)) first.set(driver, path);
  }
  if (first.size === 0) return [];
  const { stdout } = await git.run(['config', '-z', '--name-only', '--get-regexp', String.raw`^filter\..*\.`]);
  const settings = new Set(stdout.split('\0'));
  const has = (name: string, part: string): boolean => settings.has(`filter.${name}.${part}`);
  for (const [name, path] of first) {
    if (['smudge', 'process', 'clean'].some((part) => has(name, part))) continue;
    throw new ZebuError(
      'REPOSITORY_INCOMPLETE',
      `${prefix}${path} of ${ref} goes through the filter ${name}, which is not set up on this machine`,
      {
        hint: `Set it up as for a checkout (such as git-crypt unlock); where what the commit has is meant: git config filter.${name}.smudge cat`,
        details: { file: `${prefix}${path}`, filter: name },
      },
    );
  }
  return [...first.keys()].filter((name) => has(name, 'smudge') || has(name, 'process'));
}
