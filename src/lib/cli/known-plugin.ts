import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Command, Interfaces } from '@oclif/core';
import { standard } from '@zebu/kit/core';

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

/** What is installed of a package where Node would look; undefined where there is nothing. */
export function packageOf(
  name: string,
  root: string,
): { readonly folder: string; readonly pjson: Interfaces.PJSON } | undefined {
  for (let at = root; ; at = dirname(at)) {
    const folder = join(at, 'node_modules', name);
    try {
      return { folder, pjson: JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Interfaces.PJSON };
    } catch {
      if (dirname(at) === at) return undefined;
    }
  }
}

type Hook = string | { readonly identifier: string; readonly target: string };

function hooksOf(declared: Readonly<Record<string, unknown>>): Interfaces.Plugin['hooks'] {
  return Object.fromEntries(
    Object.entries(declared).map(([event, target]) => [
      event,
      [target as Hook | Hook[]]
        .flat()
        .map((each) => (typeof each === 'string' ? { identifier: 'default', target: each } : each)),
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
    // They are for people only, and a file more to load.
    hooks: own && standard('stderr').isTTY === true ? hooksOf(pjson.oclif.hooks ?? {}) : {},
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

/**
 * The plugins that come with zebu, which are asked what they offer: for that nobody has to know their commands. Undefined where one is
 * not found.
 * @param root folder of zebu
 * @param pjson of zebu
 */
export function ownPlugins(root: string, pjson: Interfaces.PJSON): readonly Interfaces.Plugin[] | undefined {
  const plugins: Interfaces.Plugin[] = [];
  for (const each of pjson.oclif.plugins ?? []) {
    const found = packageOf(each, root);
    if (found === undefined) return undefined;
    const { name, version, type } = found.pjson as Interfaces.PJSON & { readonly type?: string };
    plugins.push({
      ...knownPlugin(root, pjson, { name, version, commands: [] }),
      hooks: hooksOf(found.pjson.oclif.hooks ?? {}),
      moduleType: type === 'module' ? 'module' : 'commonjs',
      pjson: found.pjson,
      root: realpathSync(found.folder),
    });
  }
  return plugins;
}
