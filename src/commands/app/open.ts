import { Flags } from '@oclif/core';
import { resultOf } from '@zebu/kit';
import { ProjectCommand } from '../../lib/command/project-command.js';
import type { Opened } from '../../lib/app/results.js';

export default class AppOpen extends ProjectCommand<Opened> {
  static override result = resultOf<Opened>(1, async () => (await import('../../lib/app/results.js')).opened);
  static override hiddenAliases = ['open'];
  static override summary = 'Print where the app answers, and open it in a browser on a terminal.';
  static override description =
    'The address is app.url; without it, it is made of the VM’s address and the ports the services publish.';
  static override examples = ['<%= config.bin %> app:open', 'curl "$(<%= config.bin %> app:open --print)"'];
  static override flags = {
    print: Flags.boolean({ char: 'p', description: 'Only print, start no browser.' }),
  };

  async execute(): Promise<Opened> {
    const { flags } = await this.parse(AppOpen);
    const context = await this.context(flags);
    const { openApp } = await import('../../lib/app/open.js');
    const result = await openApp(context, !flags.print);
    this.io.out(result.url);
    for (const other of result.others) this.io.note(`also ${other}`);
    return result;
  }
}
