import { exits, resultOf } from '@zebu/kit';
import { ZebuCommand } from '@zebu/kit/command';
import type { PluginsChanged } from '../../lib/plugins/results.js';

export default class PluginsUpdate extends ZebuCommand<PluginsChanged> {
  static override result = resultOf<PluginsChanged>(
    1,
    async () => (await import('../../lib/plugins/results.js')).pluginsChanged,
  );
  static override exits = exits(['unreachable', 'precondition']);
  static override summary = 'Update the installed plugins, each within what it was installed as.';
  static override examples = ['<%= config.bin %> plugins:update'];

  async execute(): Promise<PluginsChanged> {
    await this.parse(PluginsUpdate);
    const { changePlugins, shownChange } = await import('../../lib/plugins/run.js');
    const changed = await changePlugins('plugins:update', [], this);
    for (const line of shownChange(changed)) this.io.out(line);
    return changed;
  }
}
