import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readUpdateMemory, saveUpdateMemory } from './memory.js';
import { askRegistry } from './published.js';
import { repositoryOf } from './repository.js';
import { isVersion } from './version.js';

/** @param root folder of the package */
async function newest(root: string): Promise<string | undefined> {
  const repository = repositoryOf(JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as object);
  return repository === undefined ? undefined : (await askRegistry('zebu', repository))?.version;
}

/** What the detached zebu does: asks, and leaves the answer for the next run. Failing is no news. */
export async function refreshLatest(
  file: string,
  root: string,
  ask: (root: string) => Promise<string | undefined> = newest,
): Promise<void> {
  try {
    const latest = await ask(root);
    if (latest === undefined || !isVersion(latest)) return;
    await saveUpdateMemory(file, { ...(await readUpdateMemory(file)), latest });
  } catch {
    // The cache folder is gone or full.
  }
}
