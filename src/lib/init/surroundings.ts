import { execFile } from 'node:child_process';
import { access, constants, readdir, stat } from 'node:fs/promises';
import { basename, delimiter, isAbsolute, join, relative, resolve } from 'node:path';
import { promisify } from 'node:util';
import type { Service } from './compose.js';
import { secretsIn, type DotenvFound } from './secrets.js';

/** What git says, without its last line break; undefined where it fails. */
async function git(folder: string, ...args: readonly string[]): Promise<string | undefined> {
  try {
    const { stdout } = await promisify(execFile)('git', ['-C', folder, ...args], { timeout: 10_000, maxBuffer: 1e8 });
    return stdout.replace(/\n$/, '');
  } catch {
    return undefined;
  }
}

const COMPOSE_FILE = /^(?:docker-)?compose(?:[.-][\w.-]+)?\.ya?ml$/i;
/** How deep a person puts one. */
const DEPTH = 4;

/** Compose files here and in folders below, by their names: of a repository those that git knows or would take. */
export async function composeFilesBelow(folder: string): Promise<readonly string[]> {
  const listed = await git(folder, 'ls-files', '-z', '-co', '--exclude-standard');
  const names = listed?.split('\0') ?? (await readdir(folder));
  return names
    .filter((name) => COMPOSE_FILE.test(basename(name)) && name.split('/').length <= DEPTH)
    .toSorted((a, b) => a.split('/').length - b.split('/').length || (a < b ? -1 : 1));
}

/** What git has to have before a deploy, as what to do. */
export async function repositorySteps(folder: string, files: readonly string[]): Promise<readonly string[]> {
  if ((await git(folder, 'rev-parse', '--git-dir')) === undefined)
    return ['Make it a git repository: git init && git add . && git commit -m "First commit"'];
  if ((await git(folder, 'rev-parse', '--verify', '-q', 'HEAD')) === undefined)
    return ['Commit it: git add . && git commit -m "First commit"'];
  const untracked: string[] = [];
  for (const file of files)
    if ((await git(folder, 'cat-file', '-e', `HEAD:./${file}`)) === undefined) untracked.push(file);
  const commit = untracked.length === 0 ? [] : [`Commit ${untracked.join(', ')}: what is deployed is a commit`];
  const tags = await git(folder, 'tag', '--list');
  return [...commit, ...(tags === '' ? ['Tag what is to be deployed: git tag v1.0.0'] : [])];
}

/** What is amiss around the Compose files, each with what to do. */
export async function warnings(
  folder: string,
  services: readonly Service[],
  dotenv: DotenvFound,
): Promise<readonly string[]> {
  return [...(await dotenvWarnings(folder, dotenv)), ...(await contextWarnings(folder, services))];
}

/** A .env without secrets may be anybody's, and part of the commit. */
async function dotenvWarnings(folder: string, dotenv: DotenvFound): Promise<readonly string[]> {
  const secrets = secretsIn(dotenv);
  const found = await stat(join(folder, '.env')).catch(() => undefined);
  if (found === undefined || found.isDirectory() || secrets.length === 0) return [];
  const holds = `what looks like a secret (${secrets.join(', ')})`;
  if (dotenv.committed)
    return [
      `.env is tracked by git, with ${holds}, and a deploy refuses to read secrets from it: git rm --cached .env, commit, and give them new values`,
    ];
  return process.platform !== 'win32' && (found.mode & 0o077) !== 0
    ? [`.env can be read by others on this machine, with ${holds}, and a deploy refuses that: chmod 600 .env`]
    : [];
}

/** Services that are built from a folder outside the repository. */
export async function contextWarnings(folder: string, services: readonly Service[]): Promise<readonly string[]> {
  const top = await git(folder, 'rev-parse', '--show-toplevel');
  if (top === undefined) return [];
  return services.flatMap(({ name, build }) => {
    // An address is fetched by Docker, and what has a variable in it is known only in the VM.
    if (build === undefined || /:\/\/|^git@|\$/.test(build)) return [];
    const inside = relative(top, resolve(folder, build));
    if (!inside.startsWith('..') && !isAbsolute(inside)) return [];
    return [`${name} is built from ${build}, outside the repository, and only the repository is sent: move it there`];
  });
}

/** Whether there is a program of that name. */
export async function isInstalled(program: string, path: string): Promise<boolean> {
  for (const folder of path.split(delimiter)) {
    if (folder === '') continue;
    for (const name of process.platform === 'win32' ? [`${program}.exe`, `${program}.cmd`] : [program]) {
      const there = await access(join(folder, name), constants.X_OK).then(
        () => true,
        () => false,
      );
      if (there) return true;
    }
  }
  return false;
}
