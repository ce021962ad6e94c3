import { createHash } from 'node:crypto';
import { readFile, realpath } from 'node:fs/promises';
import { basename, dirname, relative } from 'node:path';
import { posix } from 'node:path';
import { GitProgram } from '../repository/git-program.js';

export interface PlanSum {
  /** zebu.yml and its overlay, from the top of the repository. */
  readonly files: readonly string[];
  /** SHA-256 over their contents, in hex; see plan_sum of verify.sh. */
  readonly sum: string;
  /** Those that are not in HEAD as they are here. */
  readonly changed: readonly string[];
}

const sha256 = (data: Buffer | string): string => createHash('sha256').update(data).digest('hex');

/** @param contents by path from the top of the repository */
export function planSumOf(contents: ReadonlyMap<string, Buffer | string>): string {
  return sha256([...contents].map(([file, data]) => `${sha256(data)}  ${file}\n`).join(''));
}

/**
 * What stands for all that a deploy is told by zebu.yml: there is no reader of YAML in the VM, so a commit asks for the same plan when
 * it has the same bytes. Of a file that is as it was committed those of the commit count, whatever line endings it has here.
 * @param paths of zebu.yml and its overlay
 */
export async function planSum(paths: readonly string[], signal: AbortSignal): Promise<PlanSum> {
  const git = new GitProgram(dirname(paths[0] ?? '.'), signal);
  const top = await realpath(await git.ok(['rev-parse', '--show-toplevel']));
  const contents = new Map<string, Buffer | string>();
  const changed: string[] = [];
  for (const path of paths) {
    const folder = relative(top, await realpath(dirname(path))).replaceAll('\\', '/');
    const file = posix.join(folder, basename(path));
    const committed = await git.run(['cat-file', 'blob', `HEAD:${file}`], { encoding: 'latin1' });
    const same = committed.code === 0 && (await git.run(['diff', '--quiet', 'HEAD', '--', path])).code === 0;
    if (!same) changed.push(file);
    contents.set(file, same ? Buffer.from(committed.stdout, 'latin1') : await readFile(path));
  }
  return { files: [...contents.keys()], sum: planSumOf(contents), changed };
}
