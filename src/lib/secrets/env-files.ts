import { execFile } from 'node:child_process';
import { realpath, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { Context } from '../context/context.js';

type Entry = Context['config']['secret_sources'][number];

async function gitHas(path: string): Promise<boolean> {
  try {
    const args = ['-C', dirname(path), 'ls-files', '--error-unmatch', '--', basename(path)];
    await promisify(execFile)('git', args, { timeout: 10_000 });
    return true;
  } catch {
    return false;
  }
}

/** Whether git has the file, and what it leads to where it is a link: then it is part of commits, and Compose reads it in the VM. */
export const isTracked = async (path: string): Promise<boolean> =>
  (await gitHas(path)) && gitHas(await realpath(path).catch(() => path));

/**
 * Where Compose looks for `.env` besides the folder of zebu.yml: in its project directory, the folder of the first Compose file.
 * Undefined where that is the same, there is none, or it is part of the commit.
 */
async function ofProjectDirectory({ config, root }: Pick<Context, 'config' | 'root'>): Promise<string | undefined> {
  const folder = dirname(config.app.compose[0] ?? '');
  if (folder === '.') return undefined;
  const file = `${folder}/.env`;
  const found = await stat(join(root, file)).catch(() => undefined);
  return found?.isFile() !== true || (await isTracked(join(root, file))) ? undefined : file;
}

/** The configured sources; where `.env` is one of them, with that of the project directory behind it, as Compose reads both. */
export async function sourceEntries(context: Pick<Context, 'config' | 'root'>): Promise<readonly Entry[]> {
  const entries = context.config.secret_sources;
  const at = entries.findIndex(({ use, file }) => use === 'dotenv' && (file === undefined || file === '.env'));
  const [entry] = at === -1 ? [] : entries.slice(at, at + 1);
  const file = entry === undefined ? undefined : await ofProjectDirectory(context);
  if (entry === undefined || file === undefined || entries.some((other) => other['file'] === file)) return entries;
  return [...entries.slice(0, at + 1), { ...entry, file }, ...entries.slice(at + 1)];
}
