import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command, Interfaces } from '@oclif/core';

/** Whether a plugin was installed or linked; also where that cannot be said. */
export function hasInstalled(dataDir: string): boolean {
  const file = join(dataDir, 'package.json');
  if (!existsSync(file)) return false;
  try {
    const { oclif } = JSON.parse(readFileSync(file, 'utf8')) as { oclif?: { plugins?: readonly unknown[] } };
    return oclif?.plugins?.length !== 0;
  } catch {
    return true;
  }
}

interface Known {
  readonly name: string;
  readonly version: string;
  readonly topics?: Interfaces.Topic[];
  readonly commands: readonly Pick<Command.Loadable, 'aliases' | 'hiddenAliases' | 'id'>[];
}

/** They are for people only, and a file more to load. */
function hooksOf(pjson: Interfaces.PJSON): Interfaces.Plugin['hooks'] {
  const declared = process.stderr.isTTY ? (pjson.oclif.hooks ?? {}) : {};
  return Object.fromEntries(
    Object.entries(declared).map(([event, target]) => [
      event,
      [target].flat().map((each) => (typeof each === 'string' ? { identifier: 'default', target: each } : each)),
    ]),
  );
}

/**
 * A plugin that nobody has looked for.
 * @param root folder of zebu
 * @param pjson of zebu
 * @param load the class of one of its commands, where that is wanted
 */
export function knownPlugin(
  root: string,
  pjson: Interfaces.PJSON,
  { name, version, topics = [], commands }: Known,
  load?: (plugin: Interfaces.Plugin) => Promise<Command.Class>,
): Interfaces.Plugin {
  const own = name === pjson.name;
  const found = async (): Promise<Command.Class> => {
    if (load === undefined) throw new Error(`${name} was not looked for`);
    return load(plugin);
  };
  const plugin: Interfaces.Plugin = {
    _base: '',
    alias: name,
    commandIDs: commands.map(({ id }) => id),
    // What the manifest says besides is for help.
    commands: commands.map(
      (each) => ({ pluginName: name, args: {}, flags: {}, ...each, load: found }) as unknown as Command.Loadable,
    ),
    commandsDir: join(root, 'dist', 'commands'),
    findCommand: found,
    hasManifest: true,
    hooks: own ? hooksOf(pjson) : {},
    isRoot: own,
    load: async () => {},
    moduleType: 'module',
    name,
    options: { root },
    pjson: own ? pjson : { ...pjson, name, version, oclif: {} },
    root,
    topics,
    type: 'core',
    valid: true,
    version,
  };
  return plugin;
}
