import { Args } from '@oclif/core';
import { exits, resultOf, ZebuError } from '@zebu/kit';
import { nearest } from '@zebu/kit/core';
import { ZebuCommand } from '@zebu/kit/command';
import type { PluginList } from '../../lib/plugins/results.js';

export default class PluginsInspect extends ZebuCommand<PluginList> {
  static override result = resultOf<PluginList>(
    1,
    async () => (await import('../../lib/plugins/results.js')).pluginList,
  );
  static override exits = exits(['precondition']);
  static override summary = 'Show what plugins bring: folder, commands, hooks, dependencies.';
  static override examples = ['<%= config.bin %> plugins:inspect zebu-plugin-x'];
  static override args = { plugin: Args.string({ description: 'Name of the plugin.', required: true }) };
  static override strict = false;

  async execute(): Promise<PluginList> {
    const { argv } = await this.parse(PluginsInspect);
    const { loadedPlugins } = await import('../../lib/plugins/loaded.js');
    const all = loadedPlugins(this.config);
    const plugins = (argv as string[]).map((name) => {
      const found = all.find((plugin) => plugin.name === name);
      if (found !== undefined) return found;
      const meant = nearest(
        name,
        all.map((plugin) => plugin.name),
      );
      throw new ZebuError('PLUGIN_REFUSED', `The plugin ${name} is not installed`, {
        hint: meant === undefined ? 'See what is: zebu plugins --core' : `Did you mean ${meant}?`,
      });
    });
    for (const plugin of plugins) {
      this.io.out(`${plugin.name} ${plugin.version} (${plugin.from})`);
      this.io.out(`  folder: ${plugin.root}`);
      for (const what of ['commands', 'hooks'] as const) {
        if (plugin[what].length > 0) this.io.out(`  ${what}: ${plugin[what].join(', ')}`);
      }
      for (const [name, range] of Object.entries(plugin.dependencies)) this.io.out(`  needs: ${name} ${range}`);
    }
    return { plugins };
  }
}
