import { fstatSync, statSync } from 'node:fs';

/** False for a file, a pipe, a socket and /dev/null, which is known before Node loads what it has for terminals. */
export function mayBeTerminal(fd: number): boolean {
  if (process.platform === 'win32') return true;
  try {
    const found = fstatSync(fd);
    return !found.isFile() && !found.isFIFO() && !found.isSocket() && found.rdev !== statSync('/dev/null').rdev;
  } catch {
    return true;
  }
}
