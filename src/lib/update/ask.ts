import { execFile } from 'node:child_process';
import { homedir } from 'node:os';
import { readUpdateMemory, saveUpdateMemory } from './memory.js';
import { isVersion } from './version.js';

/**
 * The newest version, of the registry that the user's npm is configured with. Asked in the home: the project of the
 * working directory has no say in where zebu comes from.
 */
function askNpm(): Promise<string | undefined> {
  return new Promise((resolve) => {
    execFile(
      'npm',
      [
        'view',
        'zebu',
        'version',
        '--fetch-retries=0',
        '--fetch-timeout=10000',
        '--loglevel=silent',
        '--update-notifier=false',
      ],
      // npm is a script for the shell on Windows; nothing of the line comes from outside.
      { cwd: homedir(), timeout: 30_000, windowsHide: true, shell: process.platform === 'win32' },
      (error, stdout) => {
        const version = stdout.trim();
        resolve(error === null && isVersion(version) ? version : undefined);
      },
    );
  });
}

/** What the detached zebu does: asks, and leaves the answer for the next run. Failing is no news. */
export async function refreshLatest(file: string, ask: () => Promise<string | undefined> = askNpm): Promise<void> {
  try {
    const latest = await ask();
    if (latest === undefined) return;
    await saveUpdateMemory(file, { ...(await readUpdateMemory(file)), latest });
  } catch {
    // The cache folder is gone or full.
  }
}
