import { Args, Flags } from '@oclif/core';
import { exits, resultOf } from '@zebu/kit';
import { ZebuCommand } from '@zebu/kit/command';
import type { PluginsChanged } from '../../lib/plugins/results.js';

export default class PluginsInstall extends ZebuCommand<PluginsChanged> {
  static override result = resultOf<PluginsChanged>(
    1,
    async () => (await import('../../lib/plugins/results.js')).pluginsChanged,
  );
  static override exits = exits(['unreachable', 'precondition']);
  static override summary = 'Install plugins from the registry, a tarball, a folder or a repository.';
  static override description =
    'A plugin runs with your rights: it can read what you can read, values of secrets included. Install scripts of packages are listed, and run only with --allow-scripts.';
  static override examples = [
    '<%= config.bin %> plugins:install zebu-plugin-x',
    '<%= config.bin %> plugins:install ./zebu-plugin-x.tgz',
    '<%= config.bin %> plugins:install ./zebu-plugin-x',
    '<%= config.bin %> plugins:install https://github.com/someone/zebu-plugin-x',
  ];
  static override aliases = ['plugins:add'];
  static override strict = false;
  static override args = {
    plugin: Args.string({ description: 'Name with an optional tag or version, path, or URL.', required: true }),
  };
  static override flags = {
    force: Flags.boolean({ char: 'f', default: false, description: 'Fetch again what npm has in its cache.' }),
    'allow-scripts': Flags.boolean({
      default: false,
      description: 'Run the install scripts of the plugin and of what it depends on.',
    }),
  };

  async execute(): Promise<PluginsChanged> {
    const { argv, flags } = await this.parse(PluginsInstall);
    const { changePlugins, shownChange } = await import('../../lib/plugins/run.js');
    const { pluginSource } = await import('../../lib/plugins/source.js');
    const sources = (argv as string[]).map((word) => pluginSource(word, process.cwd()));
    this.io.note('A plugin runs with your rights, and can read what you can read, values of secrets included.');
    const changed = await changePlugins(
      'plugins:install',
      [...sources, '--silent', ...(flags.force ? ['--force'] : [])],
      this,
      { allowScripts: flags['allow-scripts'] },
    );
    for (const line of shownChange(changed)) this.io.out(line);
    return changed;
  }
}
