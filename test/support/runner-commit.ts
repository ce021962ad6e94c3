import { execFileSync } from 'node:child_process';
import { rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { RunnerApp } from './runner-app.js';

/** Files by name: their text, or where a link leads. */
export type Tree = Readonly<Record<string, string | { readonly link: string }>>;

/** A commit of the app under a release's name, with its checkout and index, as the receiver makes them. */
export function commitAs(app: RunnerApp, id: string, files: Tree): void {
  const git = (...args: readonly string[]): string =>
    execFileSync('git', [`--git-dir=${app.base}/repo.git`, ...args], {
      encoding: 'utf8',
      env: { ...process.env, GIT_INDEX_FILE: join(app.base, 'releases', id, 'index') },
    }).trim();
  if (!app.has('repo.git')) execFileSync('git', ['init', '-q', '--bare', join(app.base, 'repo.git')]);
  const tree = join(app.base, 'releases', id, 'tree');
  rmSync(tree, { recursive: true, force: true });
  for (const [file, text] of Object.entries(files))
    if (typeof text === 'string') app.write(`releases/${id}/tree/${file}`, text);
    else symlinkSync(text.link, join(tree, file));
  git(`--work-tree=${tree}`, 'add', '-f', '-A');
  const made = git('-c', 'user.name=A', '-c', 'user.email=a@example.org', 'commit-tree', '-m', id, git('write-tree'));
  git('update-ref', `refs/zebu/${id}`, made);
}
