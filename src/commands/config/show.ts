import { exits, resultOf } from '@zebu/kit';
import { pagerFlag } from '@zebu/kit/command';
import { ProjectCommand } from '../../lib/command/project-command.js';
import { showConfig } from '../../lib/config/show.js';
import type { ShownConfig } from '../../lib/config/results.js';

export default class ConfigShow extends ProjectCommand<ShownConfig> {
  static override result = resultOf<ShownConfig>(
    1,
    async () => (await import('../../lib/config/results.js')).shownConfig,
  );
  static override exits = exits(['configuration']);
  static override summary = 'Show the configuration in force, and where each value came from.';
  static override examples = ['<%= config.bin %> config:show', '<%= config.bin %> config:show --env staging --json'];
  static override flags = { ...pagerFlag };

  async execute(): Promise<ShownConfig> {
    const { flags } = await this.parse(ConfigShow);
    this.page(flags);
    const { loaded } = await this.context(flags);
    const shown = showConfig(loaded);
    const width = Math.max(...shown.values.map(({ key }) => key.length));
    for (const { key, value, origin } of shown.values) {
      if (origin !== 'default' || value !== null)
        this.io.out(`${key.padEnd(width)}  ${JSON.stringify(value)}  (${origin})`);
    }
    return shown;
  }
}
