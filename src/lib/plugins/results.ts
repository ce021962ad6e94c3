/** Published shapes of what the commands under `plugins` return. */
import type { ResultOf } from '@zebu/kit';
import * as z from 'zod';

const loadedPlugin = z.object({
  name: z.string().describe('Name of the npm package.'),
  version: z.string(),
  from: z.enum(['installed', 'linked', 'zebu']).describe('`zebu` for what comes with it.'),
  root: z.string().describe('Its folder.'),
  commands: z.array(z.string()),
  hooks: z.array(z.string()),
  dependencies: z.record(z.string(), z.string()).describe('As its package.json asks for them.'),
});
export type LoadedPlugin = ResultOf<typeof loadedPlugin>;

export const pluginList = z.object({
  plugins: z.array(loadedPlugin).describe('By name.'),
});
export type PluginList = ResultOf<typeof pluginList>;

const installedPlugin = z.object({
  name: z.string().describe('Name of the npm package.'),
  version: z.string().describe('Empty when its package.json cannot be read.'),
  from: z.enum(['installed', 'linked']),
  source: z.string().describe('The tag or range, the URL or file, or for a linked one the folder.'),
});
export type InstalledPlugin = ResultOf<typeof installedPlugin>;

export const pluginsChanged = z.object({
  plugins: z.array(installedPlugin).describe('All that is installed or linked, afterwards, by name.'),
  added: z
    .array(z.string())
    .describe('Names of those that are there and were not, or were in another version, or linked.'),
  removed: z.array(z.string()),
  skippedScripts: z
    .array(z.string())
    .describe('Install scripts of packages that were not run, as `esbuild (postinstall: node install.js)`.'),
});
export type PluginsChanged = ResultOf<typeof pluginsChanged>;
