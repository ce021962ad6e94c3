import { join } from 'node:path';

/** Where all that help says of a command stands. @param folder that the build has written */
export function helpFile(folder: string, plugin: string, id: string): string {
  return join(folder, plugin.replaceAll('/', '.'), `${id.replaceAll(':', '.')}.json`);
}
