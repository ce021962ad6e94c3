/** Says on a terminal that there is a newer zebu. What is said was found out by a run before: nothing waits for it. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import type { Io } from '@zebu/kit';
import { readUpdateMemory, saveUpdateMemory } from './memory.js';
import { isUnwanted, planUpdate } from './notice.js';

export interface UpdateRequest {
  readonly io: Pick<Io, 'live' | 'note'>;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cacheDir: string;
  readonly version: string;
  /** Where this zebu was published from: of one that was not, there are no newer ones. */
  readonly repository: string | undefined;
  readonly now: number;
  /** Starts what asks, and does not wait for it. */
  readonly ask: (file: string) => void;
}

/** Never fails: the command must not fail because of this. */
export async function tellOfUpdate({ io, env, cacheDir, version, repository, now, ask }: UpdateRequest): Promise<void> {
  if (!io.live || repository === undefined || isUnwanted(env)) return;
  try {
    const file = join(cacheDir, 'update.json');
    const { line, check, memory } = planUpdate(await readUpdateMemory(file), version, now);
    // Where nothing can be remembered, nothing is said or asked: it would be on every run.
    if (memory !== undefined) await saveUpdateMemory(file, memory);
    if (line !== undefined) io.note(line);
    if (check) ask(file);
  } catch {
    // The cache folder cannot be written.
  }
}

/** A process of its own, which outlives this one: zebu with a hidden word, and the file for the answer. */
export function askApart(program: string, file: string): void {
  spawn(process.execPath, [program, '__update', file], { detached: true, stdio: 'ignore', windowsHide: true })
    .on('error', () => {})
    .unref();
}
