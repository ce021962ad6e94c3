import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Config as OclifConfig } from '@oclif/core';
import * as z from 'zod';
import type { InstalledPlugin } from './results.js';

/** What @oclif/plugin-plugins keeps in the data folder. */
const kept = z.object({
  oclif: z
    .object({
      plugins: z
        .array(
          z.object({
            name: z.string(),
            type: z.enum(['user', 'link']),
            tag: z.string().optional(),
            url: z.string().optional(),
            root: z.string().optional(),
          }),
        )
        .default([]),
    })
    .default({ plugins: [] }),
});

/** What a file of JSON holds; undefined for one that is not there or is none. */
export async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8'));
  } catch {
    // Nothing was installed yet, or a linked folder has gone.
    return undefined;
  }
}

/** The plugins that were installed or linked by the user, by name: as they are on the disk now. */
export async function installedPlugins(config: Pick<OclifConfig, 'dataDir'>): Promise<readonly InstalledPlugin[]> {
  const parsed = kept.safeParse(await readJson(join(config.dataDir, 'package.json')));
  const plugins = parsed.success ? parsed.data.oclif.plugins : [];
  const listed = await Promise.all(
    plugins.map(async ({ name, type, tag, url, root }): Promise<InstalledPlugin> => {
      const folder = root ?? join(config.dataDir, 'node_modules', name);
      const { version } = ((await readJson(join(folder, 'package.json'))) ?? {}) as { version?: unknown };
      return {
        name,
        version: typeof version === 'string' ? version : '',
        from: type === 'link' ? 'linked' : 'installed',
        source: (type === 'link' ? root : (url ?? tag)) ?? '',
      };
    }),
  );
  return listed.toSorted((a, b) => (a.name < b.name ? -1 : 1));
}
