import { readFile } from 'node:fs';
import { open, realpath, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { ZebuError } from '@zebu/kit';

/** The text of the file; undefined when there is none, or a folder. @throws CONFIG_INVALID */
export async function readSecretFile(path: string, shown: string): Promise<string | undefined> {
  let bytes: Buffer;
  try {
    bytes = await promisify(readFile)(path);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    // A folder of that name is one of Python.
    if (code === 'ENOENT' || code === 'EISDIR') return undefined;
    throw new ZebuError('CONFIG_INVALID', `${shown} cannot be read (${code ?? 'error'})`, { cause: error });
  }
  const text = bytes.toString('utf8');
  // A byte that is no UTF-8 would be replaced silently, and the value would be another.
  if (!Buffer.from(text).equals(bytes)) {
    throw new ZebuError('CONFIG_INVALID', `${shown} is not UTF-8 text`, {
      hint: 'Save it as UTF-8; a binary value belongs into it as base64.',
    });
  }
  return text;
}

/** Replaced whole by a rename: a crash leaves the old file or the new one. Owner-only from the first byte. */
export async function replaceSecretFile(path: string, text: string): Promise<void> {
  // A link, such as to a file shared by worktrees, stays one.
  const target = await realpath(path).catch(() => path);
  const part = join(dirname(target), `.${basename(target)}.${process.pid}.part`);
  try {
    const file = await open(part, 'wx', 0o600);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(part, target);
  } catch (error) {
    await rm(part, { force: true });
    const code = (error as NodeJS.ErrnoException).code ?? 'error';
    throw new ZebuError('CONFIG_INVALID', `${path} cannot be written (${code})`, { cause: error });
  }
}
