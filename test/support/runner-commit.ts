import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { RUN_FOLDER } from './run-folder.js';
import type { RunnerApp } from './runner-app.js';
import { startedWell } from './starter.js';

/** Files by name: their text, or where a link leads. */
export type Tree = Readonly<Record<string, string | { readonly link: string }>>;

interface Made {
  /** Git's objects of all commits that this worker has made, for the repositories of all its apps. */
  readonly objects: string;
  /** By release and files. */
  readonly commits: Map<string, string>;
}

// Kept by the process: each file of a worker loads this anew.
const KEY = Symbol.for('zebu.commits');
const kept = globalThis as { [KEY]?: Made };

function made(): Made {
  if (kept[KEY] !== undefined) return kept[KEY];
  const objects = join(RUN_FOLDER, `zebu-objects-${process.pid}`);
  mkdirSync(objects);
  return (kept[KEY] = { objects, commits: new Map() });
}

/** As `git init --bare` makes one. */
function repository(app: RunnerApp, objects: string): void {
  app.write('repo.git/HEAD', 'ref: refs/heads/main\n');
  app.write('repo.git/config', '[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = true\n');
  app.write('repo.git/objects/info/alternates', `${objects}\n`);
  mkdirSync(join(app.base, 'repo.git/refs'));
}

/** A commit of the app under a release's name, with its checkout and index, as the receiver makes them. */
export function commitAs(app: RunnerApp, id: string, files: Tree): void {
  const { objects, commits } = made();
  if (!app.has('repo.git')) repository(app, objects);
  const tree = join(app.base, 'releases', id, 'tree');
  const env = {
    ...process.env,
    GIT_INDEX_FILE: join(app.base, 'releases', id, 'index'),
    GIT_OBJECT_DIRECTORY: objects,
  };
  const git = (...args: readonly string[]): string =>
    startedWell('git', [`--git-dir=${app.base}/repo.git`, ...args], { env }).trim();
  rmSync(tree, { recursive: true, force: true });
  for (const [file, text] of Object.entries(files))
    if (typeof text === 'string') app.write(`releases/${id}/tree/${file}`, text);
    else symlinkSync(text.link, join(tree, file));
  git(`--work-tree=${tree}`, 'add', '-f', '-A');
  const key = JSON.stringify([id, files]);
  const commit =
    commits.get(key) ??
    git('-c', 'user.name=A', '-c', 'user.email=a@example.org', 'commit-tree', '-m', id, git('write-tree'));
  commits.set(key, commit);
  mkdirSync(join(app.base, 'repo.git/refs/zebu'), { recursive: true });
  writeFileSync(join(app.base, 'repo.git/refs/zebu', id), `${commit}\n`);
}
