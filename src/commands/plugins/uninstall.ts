import { Args } from '@oclif/core';
import { exits, resultOf } from '@zebu/kit';
import { ZebuCommand } from '@zebu/kit/command';
import type { PluginsChanged } from '../../lib/plugins/results.js';

export default class PluginsUninstall extends ZebuCommand<PluginsChanged> {
  static override result = resultOf<PluginsChanged>(
    1,
    async () => (await import('../../lib/plugins/results.js')).pluginsChanged,
  );
  static override exits = exits(['unreachable', 'precondition']);
  static override summary = 'Remove plugins, installed or linked.';
  static override examples = ['<%= config.bin %> plugins:uninstall zebu-plugin-x'];
  static override aliases = ['plugins:remove', 'plugins:unlink'];
  static override strict = false;
  static override args = { plugin: Args.string({ description: 'Name of the plugin.', required: true }) };

  async execute(): Promise<PluginsChanged> {
    const { argv } = await this.parse(PluginsUninstall);
    const { changePlugins, shownChange } = await import('../../lib/plugins/run.js');
    const changed = await changePlugins('plugins:uninstall', argv as string[], this);
    for (const line of shownChange(changed)) this.io.out(line);
    return changed;
  }
}
