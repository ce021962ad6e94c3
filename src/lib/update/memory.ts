import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { isVersion } from './version.js';

/** What is known of newer versions, in the cache folder; what cannot be read is asked for again. */
export interface UpdateMemory {
  /** When a check was last started, in milliseconds; 0 for never. */
  readonly checkedAt: number;
  /** When it was last said. */
  readonly shownAt: number;
  readonly latest: string | undefined;
}

const time = (value: unknown): number => (typeof value === 'number' && Number.isFinite(value) ? value : 0);

/** Checks every member: the file may be cut off, or of another version. */
export function parseMemory(text: string): UpdateMemory {
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch {
    // As if there were none.
  }
  const { checkedAt, shownAt, latest } = (typeof data === 'object' && data !== null ? data : {}) as Record<
    string,
    unknown
  >;
  return {
    checkedAt: time(checkedAt),
    shownAt: time(shownAt),
    // It is printed: nothing but a version gets through.
    latest: typeof latest === 'string' && isVersion(latest) ? latest : undefined,
  };
}

export async function readUpdateMemory(file: string): Promise<UpdateMemory> {
  return parseMemory(await readFile(file, 'utf8').catch(() => ''));
}

export async function saveUpdateMemory(file: string, memory: UpdateMemory): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(`${file}.${process.pid}.part`, JSON.stringify(memory));
  await rename(`${file}.${process.pid}.part`, file);
}
