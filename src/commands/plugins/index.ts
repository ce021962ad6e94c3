import { Flags } from '@oclif/core';
import { exits, resultOf } from '@zebu/kit';
import { ZebuCommand } from '@zebu/kit/command';
import type { PluginList } from '../../lib/plugins/results.js';

export default class Plugins extends ZebuCommand<PluginList> {
  static override result = resultOf<PluginList>(
    1,
    async () => (await import('../../lib/plugins/results.js')).pluginList,
  );
  static override exits = exits([]);
  static override summary = 'List the plugins that are installed and linked.';
  static override examples = ['<%= config.bin %> plugins', '<%= config.bin %> plugins --core --json'];
  static override flags = {
    core: Flags.boolean({ default: false, description: 'Those that come with zebu, too.' }),
  };

  async execute(): Promise<PluginList> {
    const { flags } = await this.parse(Plugins);
    const { loadedPlugins } = await import('../../lib/plugins/loaded.js');
    const plugins = loadedPlugins(this.config).filter(({ from }) => flags.core || from !== 'zebu');
    if (plugins.length === 0) this.io.out('No plugins installed.');
    for (const { name, version, from, root } of plugins)
      this.io.out(`${name} ${version} (${from})${from === 'linked' ? ` ${root}` : ''}`);
    return { plugins };
  }
}
