import { spawn } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

import { sh } from '@zebu/kit';

import { step, type Log } from './steps.js';

/**
 * Runs `work` while holding an exclusive lock on `file`; says so when it has to wait for another process.
 *
 * The lock is the kernel's (flock), held by a small child whose stdin is ours: it is given back when we end, however we end.
 */
export async function withLock<T>(
  file: string,
  log: Log,
  signal: AbortSignal | undefined,
  work: () => Promise<T>,
): Promise<T> {
  const child = spawn('flock', ['--exclusive', file, 'sh', '-c', sh`echo locked; exec cat >/dev/null`], {
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  const abort = (): void => void child.kill('SIGTERM');
  signal?.addEventListener('abort', abort, { once: true });
  const locked = new Promise<void>((resolve, reject) => {
    child.stdout.once('data', () => {
      resolve();
    });
    child.once('error', reject);
    child.once('close', () => {
      reject(new Error(`the lock ${file} could not be taken`));
    });
  });
  locked.catch(() => {}); // it may end before it is waited for
  try {
    const soon = await Promise.race([locked.then(() => true), sleep(500, false, { ref: false })]);
    if (!soon) await step(log, `waiting for ${await describeHolder(file)}, which builds the same image`, () => locked);
    await writeFile(file, String(process.pid));
    return await work();
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  } finally {
    signal?.removeEventListener('abort', abort);
    child.stdin.end();
  }
}

async function describeHolder(file: string): Promise<string> {
  const pid = (await readFile(file, 'utf8').catch(() => '')).trim();
  return pid === '' ? 'another process' : `process ${pid}`;
}
