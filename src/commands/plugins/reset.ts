import { Flags } from '@oclif/core';
import { exits, resultOf } from '@zebu/kit';
import { ZebuCommand } from '@zebu/kit/command';
import type { PluginsChanged } from '../../lib/plugins/results.js';

export default class PluginsReset extends ZebuCommand<PluginsChanged> {
  static override result = resultOf<PluginsChanged>(
    1,
    async () => (await import('../../lib/plugins/results.js')).pluginsChanged,
  );
  static override exits = exits(['unreachable', 'precondition']);
  static override summary = 'Remove all installed and linked plugins.';
  static override examples = ['<%= config.bin %> plugins:reset', '<%= config.bin %> plugins:reset --hard --reinstall'];

  static override flags = {
    hard: Flags.boolean({ default: false, description: 'Remove the folder they were installed into, too.' }),
    reinstall: Flags.boolean({ default: false, description: 'Install all of them anew.' }),
  };

  async execute(): Promise<PluginsChanged> {
    const { flags } = await this.parse(PluginsReset);
    const { changePlugins, shownChange } = await import('../../lib/plugins/run.js');
    const changed = await changePlugins(
      'plugins:reset',
      [...(flags.hard ? ['--hard'] : []), ...(flags.reinstall ? ['--reinstall'] : [])],
      this,
    );
    for (const line of shownChange(changed)) this.io.out(line);
    return changed;
  }
}
