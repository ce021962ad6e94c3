import { join } from 'node:path';
import type { Config as OclifConfig } from '@oclif/core';
import type { Io } from '@zebu/kit';
import { pluginFailure } from './failure.js';
import { installedPlugins } from './list.js';
import { withNpmLog } from './npm-log.js';
import type { InstalledPlugin, PluginsChanged } from './results.js';
import { installScripts } from './scripts.js';
import { missingTarget } from './source.js';

/** A command of @oclif/plugin-plugins, which does the work: what zebu adds are its envelope, its errors and its quiet. */
export type PluginCommand =
  'plugins:install' | 'plugins:link' | 'plugins:reset' | 'plugins:uninstall' | 'plugins:update';

/**
 * Runs a command of @oclif/plugin-plugins and says what it changed.
 * @throws PLUGIN_REFUSED, UNREACHABLE
 */
export async function changePlugins(
  id: PluginCommand,
  argv: readonly string[],
  { config, io }: { readonly config: OclifConfig; readonly io: Io },
  options: { readonly allowScripts: boolean } = { allowScripts: false },
): Promise<PluginsChanged> {
  const [before, hadScripts] = await Promise.all([installedPlugins(config), installScripts(config.dataDir)]);
  await withNpmLog(
    async () => {
      const said = await unheard(async () => {
        // Imported here, because oclif keeps what it finds of the streams when it is loaded.
        const { commands } = await import('@oclif/plugin-plugins');
        await commands[id].run([...argv], config);
      });
      for (const line of said) io.debug(() => line);
    },
    (thrown, errors) => {
      for (const line of errors) io.debug(() => `npm: ${line}`);
      return pluginFailure(thrown, errors);
    },
    // What is installed is looked at before it is run: with the plugin, and not before.
    { npm_config_ignore_scripts: String(!options.allowScripts) },
  );
  const [plugins, scripts] = await Promise.all([installedPlugins(config), installScripts(config.dataDir)]);
  const skipped = options.allowScripts
    ? []
    : [...scripts].filter(([key]) => !hadScripts.has(key)).map(([, said]) => said);
  if (skipped.length > 0)
    io.warn(
      `Install scripts were not run: ${skipped.join(', ')}. Where a plugin needs them: plugins:uninstall it, and plugins:install it with --allow-scripts`,
    );
  const find = (list: readonly InstalledPlugin[], name: string): InstalledPlugin | undefined =>
    list.find((plugin) => plugin.name === name);
  const isNew = ({ name, version, from }: InstalledPlugin): boolean => {
    const known = find(before, name);
    return known?.version !== version || known.from !== from;
  };
  for (const { name, from } of plugins.filter(isNew)) {
    const missing = from === 'installed' ? missingTarget(join(config.dataDir, 'node_modules', name)) : undefined;
    if (missing !== undefined)
      io.warn(
        `${name} is not built: there is no ${missing.path} in it. A repository is built with its installation only with --allow-scripts: plugins:uninstall it first`,
      );
  }
  return {
    plugins,
    added: plugins.filter(isNew).map(({ name }) => name),
    removed: before.filter(({ name }) => find(plugins, name) === undefined).map(({ name }) => name),
    skippedScripts: skipped,
  };
}

/** oclif's commands write to both streams themselves; stdout is for the result. @returns the lines */
async function unheard(run: () => Promise<unknown>): Promise<readonly string[]> {
  let text = '';
  const hear = (chunk: Uint8Array | string, ...rest: readonly unknown[]): boolean => {
    text += typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString();
    const done = rest.find((each) => typeof each === 'function') as (() => void) | undefined;
    done?.();
    return true;
  };
  const streams = [process.stdout, process.stderr];
  for (const stream of streams) stream.write = hear;
  try {
    await run();
  } finally {
    // What they inherit is there again.
    for (const stream of streams) Reflect.deleteProperty(stream, 'write');
  }
  return text.split('\n').filter((line) => line.trim() !== '');
}

/** For people: a line for each that came or went. */
export function shownChange({ plugins, added, removed }: PluginsChanged): readonly string[] {
  const lines = [
    ...plugins
      .filter(({ name }) => added.includes(name))
      .map(({ name, version, from }) => `${name} ${version} ${from}`),
    ...removed.map((name) => `${name} removed`),
  ];
  return lines.length === 0 ? ['Nothing changed.'] : lines;
}
