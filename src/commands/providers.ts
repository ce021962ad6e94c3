import { exits, resultOf } from '@zebu/kit';
import { ZebuCommand } from '@zebu/kit/command';
import type { ProviderList } from '../lib/providers/results.js';

export default class Providers extends ZebuCommand<ProviderList> {
  static override result = resultOf<ProviderList>(
    1,
    async () => (await import('../lib/providers/results.js')).providerList,
  );
  static override exits = exits([]);
  static override summary = 'List transports, secret sources and hooks, the plugin each comes from, and what is wrong.';
  static override examples = ['<%= config.bin %> providers', '<%= config.bin %> providers --json'];

  async execute(): Promise<ProviderList> {
    await this.parse(Providers);
    const { providerList } = await import('../lib/providers/list.js');
    const { table } = await import('../lib/ui/table.js');
    const list = await providerList(this.config);
    const rows = list.providers.map((each) => [each.kind, each.id, each.plugin, each.version, each.from, each.summary]);
    for (const line of table(['KIND', 'ID', 'PLUGIN', 'VERSION', 'FROM', 'WHAT'], rows, this.io.width))
      this.io.out(line);
    for (const { event, plugin, version, from } of list.hooks)
      this.io.out(`hook  ${event}  ${plugin} ${version} (${from})`);
    for (const { plugin, reason } of list.problems) this.io.out(`problem  ${plugin}: ${reason}`);
    return list;
  }
}
