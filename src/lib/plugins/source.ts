import { existsSync, readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { ZebuError } from '@zebu/kit';

const URL_LIKE = /^[A-Za-z][A-Za-z+]+:/;
const PATH = /^(\.{0,2}\/|[A-Za-z]:[\\/]|\.{1,2}\\)|^\.{1,2}$|\.tgz$/;

/**
 * What npm is asked for when a user wrote `word`: left to itself oclif takes anything with a slash for a repository on
 * GitHub.
 * @throws PLUGIN_REFUSED for a path at which there is nothing
 */
export function pluginSource(word: string, cwd: string): string {
  if (URL_LIKE.test(word) || !PATH.test(word)) return word;
  const path = resolve(cwd, word);
  if (!existsSync(path)) {
    throw new ZebuError('PLUGIN_REFUSED', `${word}: there is no such file or folder`, {
      hint: 'Give a tarball, a folder, or the name of a package.',
    });
  }
  if (statSync(path).isDirectory()) checkBuilt(pluginFolder(path, cwd), word);
  return `file:${path}`;
}

/**
 * The folder of a plugin that is to be linked.
 * @throws PLUGIN_REFUSED when it is none
 */
export function pluginFolder(word: string, cwd: string): string {
  const folder = resolve(cwd, word);
  let manifest: unknown;
  try {
    manifest = JSON.parse(readFileSync(resolve(folder, 'package.json'), 'utf8'));
  } catch (cause) {
    throw new ZebuError('PLUGIN_REFUSED', `${word}: there is no package.json that can be read`, {
      hint: 'Give the folder of a plugin.',
      cause,
    });
  }
  if (typeof (manifest as { oclif?: unknown } | null)?.oclif === 'object') return folder;
  throw new ZebuError('PLUGIN_REFUSED', `${word}: its package.json has no \`oclif\`, so it is no plugin`, {
    hint: 'See how one is made: zebu plugin:new',
  });
}

interface PluginManifest {
  readonly oclif?: { readonly commands?: unknown; readonly hooks?: Readonly<Record<string, unknown>> };
  readonly scripts?: Readonly<Record<string, string>>;
}

/** What of a plugin's commands and hooks is not in its folder, for it is still to be built; undefined for nothing. */
export function missingTarget(
  folder: string,
): { readonly path: string; readonly manifest: PluginManifest } | undefined {
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as PluginManifest;
  const { commands, hooks = {} } = manifest.oclif ?? {};
  const targets = [commands, ...Object.values(hooks).flat()].filter((each) => typeof each === 'string');
  const path = targets.find((each) => !['', '.js', '.mjs', '.cjs'].some((end) => existsSync(join(folder, each + end))));
  return path === undefined ? undefined : { path, manifest };
}

/**
 * npm takes a folder as it is. @param word as it was given
 * @throws PLUGIN_REFUSED for one whose commands or hooks are still to be built
 */
function checkBuilt(folder: string, word: string): void {
  const missing = missingTarget(folder);
  if (missing === undefined) return;
  const build = missing.manifest.scripts?.['build'] === undefined ? 'npm install' : 'npm install && npm run build';
  throw new ZebuError('PLUGIN_REFUSED', `${word} is not built: there is no ${missing.path} in it`, {
    hint: `In that folder: ${build}`,
  });
}
