import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Config, type Command, type Interfaces } from '@oclif/core';
import { hasInstalled, knownPlugin, ownPlugins } from './known-plugin.js';

/**
 * oclif reads all that any plugin has before it runs one command. For a command of zebu's own that is named in full, on a machine
 * where no plugin was installed, there is nothing to find out: which file it is stands in an index that the build writes.
 */

/** Ids of zebu's own commands, each with its other names. */
type Index = Readonly<Record<string, readonly string[]>>;

/** What oclif announces by itself. Of what comes with zebu, only zebu has hooks for it, which a test holds. */
export const OWN_EVENTS: ReadonlySet<string> = new Set(['finally', 'init', 'postrun', 'preparse', 'prerun']);

/** Commands about the plugins themselves. */
const ABOUT_PLUGINS = /^plugins(:|$)/;

/** Knows zebu alone, until something is asked of plugins. */
class OwnConfig extends Config {
  // Not private: who runs a hook in some of the plugins only does so on an object that has this one as its prototype.
  whole: Promise<void> | undefined;

  override async runHook<T extends keyof Interfaces.Hooks, P extends Interfaces.Hooks = Interfaces.Hooks>(
    event: T,
    ...rest: [opts: P[T]['options'], timeout?: number, captureErrors?: boolean]
  ): Promise<Interfaces.Hook.Result<P[T]['return']>> {
    if (!OWN_EVENTS.has(String(event))) await (this.whole ??= this.loadOthers());
    return super.runHook<T, P>(event, ...rest);
  }

  /** What comes with zebu, as nothing else was installed. */
  async loadOthers(): Promise<void> {
    const others = ownPlugins(this.root, this.pjson);
    if (others === undefined) return this.loadPluginsAndCommands({ force: true });
    for (const plugin of others) this.plugins.set(plugin.name, plugin);
  }
}

/** `vm create` is `vm:create`, and `status` is `app:status`. */
export function commandOf(index: Index, args: readonly string[]): { id: string; args: string[] } | undefined {
  for (const count of [3, 2, 1]) {
    const words = args.slice(0, count);
    if (words.length < count || words.some((word) => word.startsWith('-'))) continue;
    const name = words.join(':');
    const id = Object.hasOwn(index, name)
      ? name
      : Object.keys(index).find((each) => index[each]?.includes(name) === true);
    if (id !== undefined) return { id, args: [id, ...args.slice(count)] };
  }
  return undefined;
}

export function asksForHelp(args: readonly string[]): boolean {
  const end = args.indexOf('--');
  return args.slice(0, end === -1 ? undefined : end).some((word) => word === '--help' || word === '-h');
}

function ownPlugin(root: string, id: string): Interfaces.Plugin {
  const pjson = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Interfaces.PJSON;
  const { name, version } = pjson;
  const listed = { id, aliases: [], hiddenAliases: [] };
  return knownPlugin(root, pjson, { name, version, commands: [listed] }, async (plugin) => {
    const folder = join(root, 'dist', 'commands', ...id.split(':'));
    const file = existsSync(`${folder}.js`) ? `${folder}.js` : join(folder, 'index.js');
    const { default: command } = (await import(pathToFileURL(file).href)) as { default: Command.Class };
    return Object.assign(command, { id, plugin });
  });
}

export interface OwnCommand {
  /** With the command's id as the first. */
  readonly args: string[];
  readonly config: Config;
}

/** Undefined where oclif has to look for itself. @param root folder of the package */
export async function ownCommand(args: readonly string[], root: string): Promise<OwnCommand | undefined> {
  if (asksForHelp(args)) return undefined;
  let index: Index;
  try {
    index = JSON.parse(readFileSync(join(root, 'dist', 'command-index.json'), 'utf8')) as Index;
  } catch {
    return undefined;
  }
  const command = commandOf(index, args);
  if (command === undefined || ABOUT_PLUGINS.test(command.id)) return undefined;
  const plugin = ownPlugin(root, command.id);
  const config = new OwnConfig({ root, plugins: new Map([[plugin.name, plugin]]) });
  await config.load();
  return hasInstalled(config.dataDir) ? undefined : { args: command.args, config };
}
