import { Args, Flags } from '@oclif/core';
import { exits, resultOf } from '@zebu/kit';
import { ON_THE_HOST, ProjectCommand } from '../../lib/command/project-command.js';
import { dumpArg, storageArg } from '../../lib/command/worded.js';
import type { DumpProven } from '../../lib/data/results.js';

export default class DataProve extends ProjectCommand<DumpProven> {
  static override summary =
    'Restore a dump in a clone of the VM, without a network, to see whether the data comes back.';
  static override description =
    'The VM is cloned as it runs, the clone unplugged before it starts and reached through the guest agent alone. In it the very transaction of data:restore is carried out: checksums, restore, release command, start, verdict, probes from the VM. The commands of data.check come last. The clone is removed whatever happens; the result is noted in the VM of the app, for app:status and doctor. The data of the app is not touched. With --offsite the dump is fetched from off the VM first, with the repository and password that a restore would use. The clone needs room for the disks of the VM, and memory beside it.';
  static override result = resultOf<DumpProven>(1, async () => (await import('../../lib/data/results.js')).dumpProven);
  static override exits = exits([...ON_THE_HOST, 'unhealthy', 'unknown']);
  static override examples = [
    '<%= config.bin %> data:prove',
    '<%= config.bin %> data:prove --offsite',
    '<%= config.bin %> data:prove 20261129T023000Z --storage nas --memory 1024',
  ];
  static override args = {
    dump: Args.string({ parse: dumpArg, description: 'As data:list names it. Default: the newest.' }),
  };
  static override flags = {
    offsite: Flags.boolean({ description: 'Take it from off the VM, also where it is in it, too.' }),
    storage: Flags.string({
      parse: storageArg,
      description: 'Storage for the disks of the clone. Default: where they are.',
    }),
    memory: Flags.integer({ min: 256, description: 'MiB of memory of the clone. Default: as the VM has.' }),
  };

  /** The clone is stopped and removed first. */
  protected override readonly graceMs = 180_000;

  async execute(): Promise<DumpProven> {
    const { args, flags } = await this.parse(DataProve);
    const context = await this.context(flags);
    const { proveDump } = await import('../../lib/data/prove.js');
    const { checksOf } = await import('../../lib/copies/checks.js');
    const { provenLines } = await import('../../lib/data/text.js');
    const result = await proveDump(context, {
      id: args.dump,
      offsite: flags.offsite,
      storage: flags.storage,
      memoryMb: flags.memory,
      checks: checksOf(context.config),
    });
    for (const line of provenLines(result)) this.io.out(line);
    return result;
  }
}
