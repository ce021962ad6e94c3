import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import type { Context } from '../context/context.js';
import { newDigestKey } from './digest.js';

const memorySchema = z.object({
  key: z.string().regex(/^[0-9a-f]{64}$/),
  /** Place → name → what was written last. */
  places: z.record(
    z.string(),
    z.record(z.string(), z.object({ digest: z.string(), updatedAt: z.string().nullable() })),
  ),
});

/** What was written to places whose values cannot be read back: keyed digests, never values. */
export type SecretMemory = z.infer<typeof memorySchema>;

const path = (context: Context): string => join(context.stateDir, 'secrets', `${context.config.app.name}.json`);

export async function readMemory(context: Context): Promise<SecretMemory> {
  try {
    const parsed = memorySchema.safeParse(JSON.parse(await readFile(path(context), 'utf8')));
    if (parsed.success) return parsed.data;
  } catch {
    // None yet, or unreadable: everything counts as unknown and is written again.
  }
  return { key: newDigestKey(), places: {} };
}

export async function saveMemory(context: Context, memory: SecretMemory): Promise<void> {
  const file = path(context);
  await mkdir(join(context.stateDir, 'secrets'), { recursive: true, mode: 0o700 });
  await writeFile(`${file}.part`, JSON.stringify(memory), { mode: 0o600 });
  await rename(`${file}.part`, file);
}
