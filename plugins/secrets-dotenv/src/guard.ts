import { execFile } from 'node:child_process';
import { realpath, stat } from 'node:fs';
import { basename, dirname } from 'node:path';
import { promisify } from 'node:util';
import { ZebuError } from '@zebu/kit';

/** Whether git has what is at a path. False where there is no git or no repository. */
async function has(path: string): Promise<boolean> {
  try {
    const args = ['-C', dirname(path), 'ls-files', '--error-unmatch', '--', basename(path)];
    await promisify(execFile)('git', args, { timeout: 10_000 });
    return true;
  } catch {
    return false;
  }
}

/** True when git would publish the file with the next push: of a link it has where it leads to, and not what is there. */
export async function isTracked(path: string): Promise<boolean> {
  return (await has(path)) && (await has(await promisify(realpath)(path).catch(() => path)));
}

/**
 * A file of secrets that everybody with the repository, or everybody on the machine, can read is not one.
 * @throws SECRET_EXPOSED naming the fix
 */
export async function guard(path: string, shown: string): Promise<void> {
  const found = await promisify(stat)(path).catch(() => undefined);
  if (found === undefined) return;
  if (await isTracked(path)) {
    throw new ZebuError('SECRET_EXPOSED', `${shown} is tracked by git, so its values go wherever the repository goes`, {
      hint: `git rm --cached ${shown} && echo ${shown} >> .gitignore, commit, and give every value in it a new one.`,
      details: { file: shown, problem: 'tracked' },
    });
  }
  // Windows has no such bits.
  if (process.platform !== 'win32' && (found.mode & 0o077) !== 0) {
    const mode = (found.mode & 0o777).toString(8).padStart(4, '0');
    throw new ZebuError('SECRET_EXPOSED', `${shown} can be read by others on this machine (mode ${mode})`, {
      hint: `chmod 600 ${shown}`,
      details: { file: shown, problem: 'mode', mode },
    });
  }
}
