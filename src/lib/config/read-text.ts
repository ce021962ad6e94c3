import { isUtf8 } from 'node:buffer';
import { close, open, read } from 'node:fs';
import { promisify } from 'node:util';
import { ZebuError } from '@zebu/kit';

/** Bytes; a hundred times what anybody has written. */
const LARGEST = 256 * 1024;

/** The line that a byte is on, from 1. */
function lineOf(bytes: Buffer, at: number): number {
  let line = 1;
  for (let next = bytes.indexOf(10); next !== -1 && next < at; next = bytes.indexOf(10, next + 1)) line++;
  return line;
}

async function firstBytes(file: string, shown: string): Promise<Buffer | undefined> {
  try {
    // Not node:fs/promises, which is half as large as all else that a start loads of Node.
    const handle = await promisify(open)(file, 'r');
    try {
      const bytes = Buffer.alloc(LARGEST + 1);
      let size = 0;
      for (;;) {
        const { bytesRead } = await promisify(read)(handle, bytes, size, bytes.length - size, null);
        size += bytesRead;
        if (bytesRead === 0 || size === bytes.length) return bytes.subarray(0, size);
      }
    } finally {
      await promisify(close)(handle);
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return undefined;
    throw new ZebuError('CONFIG_INVALID', `${shown}: cannot be read (${code ?? 'error'})`, { cause: error });
  }
}

/**
 * The text of a configuration file; undefined when there is none.
 * @param shown its name in messages
 * @throws CONFIG_INVALID with the line for what is no text in UTF-8, or too much of it
 */
export async function readText(file: string, shown: string): Promise<string | undefined> {
  const bytes = await firstBytes(file, shown);
  if (bytes === undefined) return undefined;
  const refused = (line: number, what: string, hint: string): ZebuError =>
    new ZebuError('CONFIG_INVALID', `${shown}:${line}: ${what}`, { hint, details: { file: shown, line } });
  if (bytes.length > LARGEST)
    throw refused(lineOf(bytes, LARGEST), `the file is larger than ${LARGEST / 1024} KiB`, 'Name the right file.');
  const [first, second] = bytes;
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff))
    throw refused(1, 'the file is in UTF-16', 'Save it as UTF-8.');
  const nul = bytes.indexOf(0);
  if (nul !== -1) throw refused(lineOf(bytes, nul), 'there is a NUL byte, so it is no text', 'Save it as UTF-8.');
  if (!isUtf8(bytes)) {
    let at = 0;
    for (let end = bytes.indexOf(10); end !== -1 && isUtf8(bytes.subarray(at, end)); end = bytes.indexOf(10, at))
      at = end + 1;
    throw refused(lineOf(bytes, at + 1), 'the line is not in UTF-8', 'Save the file as UTF-8.');
  }
  return bytes.toString().replace(/^\ufeff/, '');
}
