import { stat } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { ZebuError } from '@zebu/kit';
import { withConverted } from './converted.js';
import { isSubmodule, parseEntries, type Entry } from './entries.js';
import type { GitProgram } from './git-program.js';

/** As specified by Git LFS: what stands in a commit for contents that are kept elsewhere. */
const POINTER =
  /^version https:\/\/git-lfs\.github\.com\/spec\/v1\n(?:ext-[^\n]*\n)*oid sha256:([0-9a-f]{64})\nsize (\d+)\n/;
/** No pointer is longer, says the specification. */
const LONGEST_POINTER = 1024;

interface Module {
  /** From the top of the repository, with a slash at the end. */
  readonly path: string;
  readonly git: GitProgram;
  /** The tree that takes the place of the submodule. */
  readonly tree: string;
}

interface Placed {
  /** The files of the commit and of all its submodules. */
  readonly entries: readonly Entry[];
  /** Submodules, each before those within it. */
  readonly modules: readonly Module[];
}

/**
 * The same commit with the files of its submodules in their places, the contents that Git LFS keeps elsewhere, and what filters,
 * encodings and line endings make of a file at a checkout: a child of it that no branch knows, and that is the same each time.
 * What it needs is copied into this repository from where the submodules and Git LFS have it on this machine; nothing is
 * downloaded.
 * @returns the commit itself when it lacks nothing
 * @throws REPOSITORY_INCOMPLETE when something is not on this machine
 */
export async function selfContainedCommit(git: GitProgram, commit: string, ref: string): Promise<string> {
  const top = git.at(await git.ok(['rev-parse', '--show-toplevel']));
  return top.withIndex(async (env) => {
    await top.ok(['read-tree', commit], { env });
    const placed = await placeSubmodules(top, env, ref);
    await placeContents(top, placed, env, ref);
    await placeConverted(top, { path: '', git: top, tree: commit }, env, ref);
    for (const module of placed.modules) await placeConverted(top, module, env, ref);
    const tree = await top.ok(['write-tree'], { env });
    if (tree === (await top.ok(['rev-parse', `${commit}^{tree}`]))) return commit;
    const [seconds = ''] = (await top.ok(['rev-list', '--max-count=1', '--timestamp', commit])).split(' ');
    return top.commitTree(tree, [commit], 'as it is checked out', `@${seconds} +0000`);
  });
}

/** Puts the trees of the submodules, and of those within them, where the commit only names them. */
async function placeSubmodules(top: GitProgram, env: NodeJS.ProcessEnv, ref: string): Promise<Placed> {
  const modules: Module[] = [];
  for (;;) {
    const entries = parseEntries(await top.exact(['ls-files', '-s', '-z'], { env }));
    const links = entries.filter(isSubmodule);
    if (links.length === 0) return { entries, modules };
    for (const { object, path } of links) {
      const module = top.within(join(top.cwd, path));
      const tree = await treeOf(module, object);
      if (tree === undefined) {
        throw new ZebuError(
          'REPOSITORY_INCOMPLETE',
          `Commit ${object.slice(0, 7)} of the submodule ${path}, which ${ref} needs, is not on this machine`,
          { hint: 'git submodule update --init --recursive', details: { submodule: path, commit: object } },
        );
      }
      if ((await top.run(['cat-file', '-e', tree])).code !== 0) {
        const { stream, done } = module.pack([tree]);
        await Promise.all([top.unpack(stream), done]);
      }
      await top.ok(['update-index', '--force-remove', '-z', '--stdin'], { env, stdin: `${path}\0` });
      await top.ok(['read-tree', `--prefix=${path}/`, tree], { env });
      modules.push({ path: `${path}/`, git: module, tree });
    }
  }
}

/** The tree of a commit in the submodule that is checked out there; undefined without either. */
async function treeOf(module: GitProgram, commit: string): Promise<string | undefined> {
  // In a folder that is no repository git finds the one around it.
  const { code, stdout } = await module.run(['rev-parse', '--show-prefix']);
  if (code !== 0 || stdout.trim() !== '') return undefined;
  const found = await module.run(['rev-parse', '--quiet', '--verify', '--end-of-options', `${commit}^{tree}`]);
  return found.code === 0 ? found.stdout.trim() : undefined;
}

/** Puts the contents in the place of the pointers of Git LFS. */
async function placeContents(
  top: GitProgram,
  { entries, modules }: Placed,
  env: NodeJS.ProcessEnv,
  ref: string,
): Promise<void> {
  const pointers = await findPointers(top, entries, env);
  if (pointers.length === 0) return;
  const stores = new Map<GitProgram, string>();
  const files: string[] = [];
  const missing: string[] = [];
  for (const { path, oid, size } of pointers) {
    const owner = modules.findLast((module) => path.startsWith(module.path))?.git ?? top;
    const store = stores.get(owner) ?? (await lfsStore(owner));
    stores.set(owner, store);
    const file = join(store, 'objects', oid.slice(0, 2), oid.slice(2, 4), oid);
    const found = await stat(file).catch(() => undefined);
    if (found?.size !== size) missing.push(path);
    files.push(file);
  }
  const [first] = missing;
  if (first !== undefined) {
    const others = missing.length === 1 ? '' : ` and ${missing.length - 1} more`;
    throw new ZebuError(
      'REPOSITORY_INCOMPLETE',
      `What Git LFS keeps of ${first}${others}, which ${ref} needs, is not on this machine`,
      { hint: 'git lfs fetch; in a submodule: git submodule foreach git lfs fetch', details: { files: missing } },
    );
  }
  const stored = await top.ok(['hash-object', '-w', '--no-filters', '--stdin-paths'], { stdin: files.join('\n') });
  const lines = stored
    .split('\n')
    .map((object, at) => `${pointers[at]?.mode ?? ''} ${object} 0\t${pointers[at]?.path ?? ''}\0`);
  await top.ok(['update-index', '-z', '--index-info'], { env, stdin: lines.join('') });
}

/** Puts what a checkout makes of the files of a repository in their place. */
function placeConverted(top: GitProgram, module: Module, env: NodeJS.ProcessEnv, ref: string): Promise<void> {
  const { git, tree, path: prefix } = module;
  return withConverted(git, { tree, ref, prefix }, async (files) => {
    if (files.length === 0) return;
    const stdin = files.map(({ file }) => file).join('\n');
    const stored = (await top.ok(['hash-object', '-w', '--no-filters', '--stdin-paths'], { stdin })).split('\n');
    const lines = files.map(({ mode, path }, at) => `${mode} ${stored[at] ?? ''} 0\t${prefix}${path}\0`);
    await top.ok(['update-index', '-z', '--index-info'], { env, stdin: lines.join('') });
  });
}

interface Pointer extends Entry {
  readonly oid: string;
  /** Bytes. */
  readonly size: number;
}

async function findPointers(
  git: GitProgram,
  entries: readonly Entry[],
  env: NodeJS.ProcessEnv,
): Promise<readonly Pointer[]> {
  const stdin = entries.map(({ path }) => `${path}\0`).join('');
  const answers = await git.exact(['check-attr', '--cached', '-z', '--stdin', 'filter'], { env, stdin });
  const fields = answers.split('\0');
  const kept = new Set(fields.filter((_, at) => at % 3 === 0 && fields[at + 2] === 'lfs'));
  const candidates = entries.filter(({ path }) => kept.has(path));
  const texts = await readSmall(git, [...new Set(candidates.map(({ object }) => object))]);
  return candidates.flatMap((entry) => {
    const [, oid, size] = POINTER.exec(texts.get(entry.object) ?? '') ?? [];
    return oid === undefined ? [] : [{ ...entry, oid, size: Number(size) }];
  });
}

/** Object → text of the blobs that are short enough to be a pointer. */
async function readSmall(git: GitProgram, objects: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const list = (names: readonly string[]): string => names.map((name) => `${name}\n`).join('');
  const sizes = await git.ok(['cat-file', '--batch-check=%(objectname) %(objectsize)'], { stdin: list(objects) });
  const small = sizes.split('\n').flatMap((line) => {
    const [object = '', size] = line.split(' ');
    return Number(size) <= LONGEST_POINTER ? [object] : [];
  });
  let rest = await git.exact(['cat-file', '--batch'], { stdin: list(small), encoding: 'latin1' });
  const texts = new Map<string, string>();
  while (rest !== '') {
    const [object = '', , size] = rest.slice(0, rest.indexOf('\n')).split(' ');
    const start = rest.indexOf('\n') + 1;
    texts.set(object, rest.slice(start, start + Number(size)));
    rest = rest.slice(start + Number(size) + 1);
  }
  return texts;
}

async function lfsStore(git: GitProgram): Promise<string> {
  const common = await git.ok(['rev-parse', '--git-common-dir']);
  const folder = isAbsolute(common) ? common : join(git.cwd, common);
  const configured = (await git.run(['config', '--type=path', 'lfs.storage'])).stdout.trim();
  if (configured === '') return join(folder, 'lfs');
  return isAbsolute(configured) ? configured : join(folder, configured);
}
