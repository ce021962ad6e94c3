import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';

/** A path of the configuration: `~/` is the home folder, and what is relative is below `root`. */
export function expand(path: string, root: string): string {
  if (path.startsWith('~/')) return join(homedir(), path.slice(2));
  return isAbsolute(path) ? path : join(root, path);
}
