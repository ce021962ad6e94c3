import { lstat, open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { ZebuError } from '@zebu/kit';

/** In the working directory, with the time in UTC. */
export function defaultName(now: Date): string {
  return `zebu-support-${now.toISOString().slice(0, 19).replaceAll(/[-:]/g, '')}Z.md`;
}

/** Checks that the file can be written, before anything is collected. @throws USAGE */
export async function checkWritable(path: string, force: boolean): Promise<void> {
  const found = await lstat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (found?.isFile() === false)
    throw new ZebuError('USAGE', `${path} is no file`, { hint: 'Name a file with --output.' });
  if (found !== undefined && !force)
    throw new ZebuError('USAGE', `${path} is there already`, { hint: 'Give --force to write a new one over it.' });
  if (found !== undefined) return;
  const folder = dirname(resolve(path));
  const above = await lstat(folder).catch(() => undefined);
  if (above === undefined) throw new ZebuError('USAGE', `${path}: there is no folder ${folder}`);
}

/** Writes the file completely or not at all, and readable by its owner only from the first byte on. @throws USAGE when there is one already */
export async function writeBundle(path: string, text: string, force: boolean): Promise<void> {
  if (!force) {
    const file = await open(path, 'wx', 0o600).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'EEXIST') throw new ZebuError('USAGE', `${path} is there already`);
      throw error;
    });
    try {
      await file.writeFile(text);
    } finally {
      await file.close();
    }
    return;
  }
  // Replaces the existing file instead of writing into it: that may be readable by others, or a link to somewhere else.
  const part = join(dirname(path), `.${basename(path)}.${process.pid}.part`);
  try {
    await writeBundle(part, text, false);
    await rename(part, path);
  } finally {
    await rm(part, { force: true });
  }
}
