import { join } from 'node:path';
import * as z from 'zod';
import { readJson } from './list.js';

/** What npm keeps of what it installed. */
const lock = z.object({
  packages: z.record(
    z.string(),
    z.object({ version: z.string().optional(), hasInstallScript: z.boolean().optional() }),
  ),
});

/** The scripts that npm would run with an installation. */
async function scriptsOf(folder: string): Promise<string> {
  const { scripts = {} } = ((await readJson(join(folder, 'package.json'))) ?? {}) as {
    scripts?: Record<string, string>;
  };
  const named = ['preinstall', 'install', 'postinstall'].flatMap((name) => {
    const text = scripts[name];
    return text === undefined ? [] : [`${name}: ${text}`];
  });
  // What has a binding.gyp is compiled without being asked for it.
  return named.length === 0 ? 'install: node-gyp rebuild' : named.join('; ');
}

/**
 * Packages of all plugins that have install scripts, by place and version, each as `esbuild (postinstall: node install.js)`.
 * @param dataDir where @oclif/plugin-plugins installs
 */
export async function installScripts(dataDir: string): Promise<ReadonlyMap<string, string>> {
  const parsed = lock.safeParse(await readJson(join(dataDir, 'node_modules/.package-lock.json')));
  const packages = parsed.success ? Object.entries(parsed.data.packages) : [];
  const found = await Promise.all(
    packages
      .filter(([, { hasInstallScript }]) => hasInstallScript === true)
      .map(async ([path, { version = '' }]): Promise<[string, string]> => {
        const name = path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
        return [`${path}@${version}`, `${name} (${await scriptsOf(join(dataDir, path))})`];
      }),
  );
  return new Map(found);
}
