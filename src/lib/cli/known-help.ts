import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Config, type Command, type Interfaces } from '@oclif/core';
import { helpAsFlag, joinTopic, mayNeedJoining } from './argv.js';
import { helpFile } from './help-file.js';
import { hasInstalled, knownPlugin, packageOf } from './known-plugin.js';
import { asksForHelp } from './own-command.js';

/** A plugin that comes with zebu, as the build found it. */
export interface KnownPlugin {
  readonly name: string;
  readonly version: string;
  readonly topics: Interfaces.Topic[];
  /** What lists name of them; the rest of each is in a file of its own. */
  readonly commands: readonly Listed[];
}

type Listed = Pick<Command.Loadable, 'aliases' | 'hiddenAliases' | 'id' | 'summary'>;

/** Has all that help says, of the commands that come with zebu. */
class HelpConfig extends Config {
  // Not private: see OwnConfig.
  known: readonly KnownPlugin[] = [];
  readonly whole = new Map<string, Command.Loadable>();

  override findCommand(id: string, opts: { must: true }): Command.Loadable;
  override findCommand(id: string, opts?: { must: boolean }): Command.Loadable | undefined;
  override findCommand(id: string, opts?: { must: boolean }): Command.Loadable | undefined {
    const listed = super.findCommand(id, opts as { must: true }) as Command.Loadable | undefined;
    const there = this.whole.get(id);
    if (listed === undefined || there !== undefined) return there;
    const plugin = listed.pluginName ?? '';
    // Under another of its names it has that one in the place of its id.
    const own = this.known
      .find(({ name }) => name === plugin)
      ?.commands.find((each) => [each.id, ...each.aliases, ...(each.hiddenAliases ?? [])].includes(listed.id));
    const file = helpFile(join(this.root, 'dist', 'help'), plugin, own?.id ?? id);
    const rest = JSON.parse(readFileSync(file, 'utf8')) as Command.Loadable;
    const { id: asked, hidden } = listed;
    const whole = { ...listed, ...rest, id: asked, hidden };
    this.whole.set(id, whole);
    return whole;
  }
}

/**
 * A Config that knows all that comes with zebu without having looked for it. Undefined where oclif has to look: where plugins were
 * installed, or one that comes with zebu is not the one that the build has seen.
 * @param root folder of the package
 */
export async function knownConfig(root: string): Promise<Config | undefined> {
  let known: readonly KnownPlugin[];
  try {
    known = JSON.parse(readFileSync(join(root, 'dist', 'help', 'index.json'), 'utf8')) as readonly KnownPlugin[];
  } catch {
    return undefined;
  }
  const [, ...others] = known;
  if (others.some(({ name, version }) => packageOf(name, root)?.pjson.version !== version)) return undefined;
  const pjson = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Interfaces.PJSON;
  const plugins = known.map((each) => knownPlugin(root, pjson, each));
  const config = new HelpConfig({ root, plugins: new Map(plugins.map((plugin) => [plugin.name, plugin])) });
  config.known = known;
  await config.load();
  return hasInstalled(config.dataDir) ? undefined : config;
}

/** For help, arguments and a Config as above. @param root folder of the package */
export async function knownHelp(
  args: readonly string[],
  root: string,
): Promise<{ readonly args: string[]; readonly config: Config } | undefined> {
  if (args.length > 0 && args[0] !== 'help' && !asksForHelp(args)) return undefined;
  const config = await knownConfig(root);
  if (config === undefined) return undefined;
  const asked = helpAsFlag(mayNeedJoining(args) ? joinTopic(args, config) : args);
  // `help` with what is its own runs as a command.
  return asked.length === 0 || asksForHelp(asked) ? { args: asked, config } : undefined;
}
