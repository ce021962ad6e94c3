import { posix } from 'node:path';
import type { GitProgram } from './git-program.js';

const ENV_FILE = /^(?:\.env(?:\.[\w.-]+)?|[\w.-]+\.env)$/;
/** What is written for people to copy. */
const TEMPLATE = /(?:^|[._-])(?:example|sample|template|dist|tpl|defaults?)(?:[._-]|$)/i;
const YAML = [':(glob)**/*.yml', ':(glob)**/*.yaml', ':(exclude,glob).github/**', ':(exclude,glob)**/.gitlab-ci.yml'];

const literally = (text: string): string => text.replaceAll(/[.[\]{}()*+?^$|\\]/g, String.raw`\$&`);

/** How Compose files name an env file; one called `.env` by its folder, or as that of a part they include from there. */
function naming(path: string): string {
  const name = posix.basename(path);
  const before = String.raw`(^|[^A-Za-z0-9_.-])`;
  if (name !== '.env') return `${before}${literally(name)}([^A-Za-z0-9_.-]|$)`;
  const folder = literally(posix.basename(posix.dirname(path)));
  return `${before}${folder}/(\\.env([^A-Za-z0-9_.-]|$)|[^ "']*\\.ya?ml)`;
}

/** Of more folders each is named no more. */
const MOST_FOLDERS = 50;

export const isEnvFile = (name: string): boolean => ENV_FILE.test(name) && !TEMPLATE.test(name);

const literal = (folder: string): string => folder.replaceAll(/[*?[\]\\]/g, String.raw`\$&`);

/**
 * Files that lie here, are no part of what git keeps, and are called like an env file.
 * @param git in the top folder of the repository
 */
async function envFilesHere(git: GitProgram): Promise<readonly string[]> {
  const listing = ['ls-files', '-z', '--others'];
  const list = async (...args: readonly string[]): Promise<readonly string[]> =>
    (await git.run([...listing, ...args])).stdout.split('\0').filter((path) => path !== '');
  // Once through all folders, without what git ignores: what has nothing that git keeps is one line.
  const found = await list('--directory');
  const folders = found.filter((path) => path.endsWith('/'));
  const here = found.filter((path) => !path.endsWith('/'));
  if (folders.length > 0) {
    // Folders that are ignored as a whole are not looked into. With the slash git takes one for ignored of which all files are.
    const stdin = folders.map((folder) => `${folder.slice(0, -1)}\0`).join('');
    const ignored = new Set((await git.run(['check-ignore', '-z', '--stdin'], { stdin })).stdout.split('\0'));
    const rest = folders.filter((folder) => !ignored.has(folder.slice(0, -1)));
    const within = rest.length > MOST_FOLDERS ? [''] : rest;
    if (rest.length > 0) {
      const standard = '--exclude-standard';
      const lists = await Promise.all([
        list(standard, '--ignored', '--directory', '--', ...within.map((folder) => `:(glob)${literal(folder)}**`)),
        list(
          standard,
          '--',
          ...within.flatMap((folder) => ['*.env', '.env*'].map((name) => `:(glob)${literal(folder)}**/${name}`)),
        ),
      ]);
      here.push(...lists.flat());
    }
  }
  return [...new Set(here.filter((path) => !path.endsWith('/') && isEnvFile(posix.basename(path))))];
}

/**
 * Env files that lie here and are not part of the commit, and that its Compose files name: Compose reads them here. To be asked of one that
 * names any (said.ts).
 * @param git in the top folder of the repository
 * @param sent those whose values are sent otherwise, from there
 */
export async function unsentEnvFiles(
  git: GitProgram,
  commit: string,
  sent: readonly string[],
): Promise<readonly string[]> {
  const candidates = (await envFilesHere(git)).filter((path) => path !== '.env' && !sent.includes(path)).slice(0, 20);
  const named = await Promise.all(
    candidates.map(
      async (path) => (await git.run(['grep', '-I', '-q', '-E', naming(path), commit, '--', ...YAML])).code,
    ),
  );
  const has = await Promise.all(
    candidates.map(async (path) => (await git.run(['cat-file', '-e', `${commit}:${path}`])).code),
  );
  return candidates.filter((_, at) => named[at] === 0 && has[at] !== 0).toSorted();
}
