import { Args, Flags } from '@oclif/core';
import { exits, resultOf } from '@zebu/kit';
import { ZebuCommand } from '@zebu/kit/command';
import type { PluginsChanged } from '../../lib/plugins/results.js';

export default class PluginsLink extends ZebuCommand<PluginsChanged> {
  static override result = resultOf<PluginsChanged>(
    1,
    async () => (await import('../../lib/plugins/results.js')).pluginsChanged,
  );
  static override exits = exits(['unreachable', 'precondition']);
  static override summary = 'Use a plugin from its folder, while working on it.';
  static override examples = ['<%= config.bin %> plugins:link ./zebu-plugin-x'];
  static override args = { path: Args.string({ description: 'Folder of the plugin.', default: '.' }) };
  static override flags = {
    install: Flags.boolean({
      allowNo: true,
      default: true,
      description: 'Install what it depends on, by its lock file.',
    }),
  };

  async execute(): Promise<PluginsChanged> {
    const { args, flags } = await this.parse(PluginsLink);
    const { pluginFolder } = await import('../../lib/plugins/source.js');
    const { changePlugins, shownChange } = await import('../../lib/plugins/run.js');
    const changed = await changePlugins(
      'plugins:link',
      [pluginFolder(args.path, process.cwd()), flags.install ? '--install' : '--no-install'],
      this,
    );
    for (const line of shownChange(changed)) this.io.out(line);
    return changed;
  }
}
