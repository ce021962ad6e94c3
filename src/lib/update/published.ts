import { execFile } from 'node:child_process';
import { homedir } from 'node:os';
import * as z from 'zod';

/** What a registry says of a package. */
export interface Published {
  readonly version: string;
  /** Subresource integrity: `sha512-…`. */
  readonly integrity: string;
}

const answer = z.object({
  version: z.string(),
  'repository.url': z.string(),
  'dist.integrity': z.string(),
});

/** `git+https://host/owner/name.git` as `host/owner/name`: what stands for the same repository. */
const plain = (url: string): string =>
  url
    .replace(/^git\+/, '')
    .replace(/^[a-z]+:\/\//, '')
    .replace(/^git@([^:]+):/, '$1/')
    .replace(/(?:\.git)?\/?$/, '')
    .toLowerCase();

/**
 * A version in the registry that the user's npm is configured with, if it is one of ours: of the same repository. Anybody can take a
 * name that is free. Asked in the home: the project of the working directory has no say in where zebu comes from.
 * @returns undefined where there is none, or the registry does not answer
 */
export async function askRegistry(
  spec: string,
  repository: string,
  view: (spec: string) => Promise<string> = npmView,
): Promise<Published | undefined> {
  let text: string;
  try {
    text = await view(spec);
  } catch {
    return undefined;
  }
  const parsed = answer.safeParse(parse(text));
  if (!parsed.success || plain(parsed.data['repository.url']) !== plain(repository)) return undefined;
  return { version: parsed.data.version, integrity: parsed.data['dist.integrity'] };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function npmView(spec: string): Promise<string> {
  const args = ['view', spec, 'version', 'repository.url', 'dist.integrity', '--json'];
  const quiet = ['--fetch-retries=0', '--fetch-timeout=10000', '--loglevel=silent', '--update-notifier=false'];
  return new Promise((resolve, reject) => {
    // npm is a script for the shell on Windows; nothing of the line comes from outside.
    const options = { cwd: homedir(), timeout: 30_000, windowsHide: true, shell: process.platform === 'win32' };
    execFile('npm', [...args, ...quiet], options, (error, stdout) =>
      error === null ? resolve(stdout) : reject(new Error(error.message)),
    );
  });
}
