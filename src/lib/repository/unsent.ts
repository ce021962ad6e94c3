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

/**
 * Files that lie here, are no part of what git keeps, and are called like an env file. Git looks through all folders for them, which
 * may be begun before it is known what for.
 * @param git in the top folder of the repository
 */
export async function envFilesHere(git: GitProgram): Promise<readonly string[]> {
  // Folders that are ignored as a whole are not looked into.
  const listing = ['ls-files', '-z', '--others', '--exclude-standard'];
  const [ignored, untracked] = await Promise.all([
    git.run([...listing, '--ignored', '--directory']),
    git.run([...listing, '--', ':(glob)**/*.env', ':(glob)**/.env*']),
  ]);
  const here = [...ignored.stdout.split('\0'), ...untracked.stdout.split('\0')].filter((path) => {
    const name = posix.basename(path);
    return !path.endsWith('/') && ENV_FILE.test(name) && !TEMPLATE.test(name);
  });
  return [...new Set(here)];
}

/**
 * Those of `here` that are not part of the commit, and that its Compose files name: Compose reads them here.
 * @param git in the top folder of the repository
 * @param sent those whose values are sent otherwise, from there
 */
export async function unsentEnvFiles(
  git: GitProgram,
  here: readonly string[],
  commit: string,
  sent: readonly string[],
): Promise<readonly string[]> {
  const candidates = here.filter((path) => path !== '.env' && !sent.includes(path)).slice(0, 20);
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
