import { Args, Flags } from '@oclif/core';
import { exits, resultOf } from '@zebu/kit';
import { ON_THE_HOST, ProjectCommand } from '../../lib/command/project-command.js';
import { dumpArg, storeArg } from '../../lib/command/worded.js';
import type { DataRestored } from '../../lib/data/results.js';

export default class DataRestore extends ProjectCommand<DataRestored> {
  static override summary = 'Put a dump in the place of the data of the app. What was written since is lost.';
  static override description =
    'Asks for the name of the app first. Stops the app, puts the old data aside, restores the dump and starts everything; what is not healthy then is undone, and the old data is back. What is there now is dumped before; where it cannot be, nothing is restored, unless --no-dump is given. A dump that is not in the VM comes from off it, so this works in a new VM after app:deploy.';
  static override result = resultOf<DataRestored>(
    1,
    async () => (await import('../../lib/data/results.js')).dataRestored,
  );
  static override exits = exits([...ON_THE_HOST, 'restored', 'unhealthy', 'unknown']);
  static override examples = [
    '<%= config.bin %> data:restore',
    '<%= config.bin %> data:restore 20261129T023000Z --only db',
    '<%= config.bin %> data:restore 20261129T023000Z --yes',
  ];
  static override args = {
    dump: Args.string({
      parse: dumpArg,
      description: 'As data:list names it. Default: the newest, where that is beyond doubt.',
    }),
  };
  static override flags = {
    only: Flags.string({
      parse: storeArg,
      multiple: true,
      multipleNonGreedy: true,
      description: 'Only this store of it, as data:list names it; may be given more than once.',
    }),
    'no-dump': Flags.boolean({ description: 'Do not dump first what is there now.' }),
    'dry-run': Flags.boolean({ description: 'Only say which dump it would be.' }),
    yes: Flags.boolean({ char: 'y', description: 'Do not ask.', env: 'ZEBU_YES' }),
  };

  async execute(): Promise<DataRestored> {
    const { args, flags } = await this.parse(DataRestore);
    const context = await this.context(flags);
    const { restoreData } = await import('../../lib/data/restore.js');
    const { restoredLines } = await import('../../lib/data/text.js');
    const { asker } = await import('../../lib/ui/ask.js');
    const { confirmByName } = await import('../../lib/ui/confirm.js');
    const result = await restoreData(context, {
      id: args.dump,
      only: flags.only ?? [],
      first: flags['no-dump'] !== true,
      dryRun: flags['dry-run'],
      confirm: async (what, name) => flags.yes || confirmByName(asker(this.io, DataRestore.flags, 'yes'), what, name),
    });
    for (const line of restoredLines(result)) this.io.out(line);
    return result;
  }
}
