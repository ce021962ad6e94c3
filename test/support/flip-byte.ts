import { closeSync, fstatSync, openSync, readSync, writeSync } from 'node:fs';

/** One byte in the middle of a file is another. */
export function flipByte(file: string): void {
  const handle = openSync(file, 'r+');
  const [at, byte] = [Math.floor(fstatSync(handle).size / 2), Buffer.alloc(1)];
  readSync(handle, byte, 0, 1, at);
  writeSync(handle, Buffer.of((byte[0] ?? 0) ^ 1), 0, 1, at);
  closeSync(handle);
}
