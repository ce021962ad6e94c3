import { Flags } from '@oclif/core';
import { exits, resultOf } from '@zebu/kit';
import { ON_THE_HOST, ProjectCommand } from '../../lib/command/project-command.js';
import type { Dumped } from '../../lib/data/results.js';

export default class DataDump extends ProjectCommand<Dumped> {
  static override summary =
    'Dump the databases of the app now, in the VM, and copy the dump off it where that is set up.';
  static override description =
    'Finds what official images of PostgreSQL, MariaDB, MySQL, MongoDB, Redis and Valkey hold by itself; `data` in zebu.yml names more. The app goes on serving. A dump is there whole or not at all.';
  static override result = resultOf<Dumped>(1, async () => (await import('../../lib/data/results.js')).dumped);
  static override exits = exits([...ON_THE_HOST, 'unknown']);
  static override examples = ['<%= config.bin %> data:dump', '<%= config.bin %> data:dump --dry-run'];
  static override flags = {
    'dry-run': Flags.boolean({ description: 'Only say what would be dumped, and how.' }),
  };

  async execute(): Promise<Dumped> {
    const { flags } = await this.parse(DataDump);
    const context = await this.context(flags);
    const { makeDump } = await import('../../lib/data/dump.js');
    const { dumpedLines } = await import('../../lib/data/text.js');
    const result = await makeDump(context, { dryRun: flags['dry-run'] });
    for (const line of dumpedLines(result, flags['dry-run'])) this.io.out(line);
    return result;
  }
}
