import { Args, Flags } from '@oclif/core';
import { exits, resultOf } from '@zebu/kit';
import { ON_THE_HOST, ProjectCommand } from '../../../lib/command/project-command.js';
import { backupArg, storageArg } from '../../../lib/command/worded.js';
import type { Restored } from '../../../lib/vm/backup/results.js';

export default class VmBackupRestore extends ProjectCommand<Restored> {
  static override summary = "Put a backup in the place of the app's VM, or beside it.";
  static override description =
    "Replaces the VM with all its data and snapshots, after asking for its name; a VM that is gone comes back. With --as-new the backup becomes another VM, with its own id and network address card, stopped and not the app's: to look something up, or to try whether the backup is good.";
  static override result = resultOf<Restored>(
    1,
    async () => (await import('../../../lib/vm/backup/results.js')).restored,
  );
  static override exits = exits([...ON_THE_HOST, 'unknown']);
  static override examples = [
    '<%= config.bin %> vm:backup:restore latest --start',
    '<%= config.bin %> vm:backup:restore vzdump-qemu-100-2026_11_24-21_03_00.vma.zst --as-new',
  ];
  static override args = {
    backup: Args.string({
      parse: backupArg,
      description: 'As vm:backup:list names it, its last part, or latest.',
      required: true,
    }),
  };
  static override flags = {
    'as-new': Flags.boolean({ description: "Restore beside the app's VM, with a new id.", exclusive: ['start'] }),
    start: Flags.boolean({ description: 'Start the VM, and wait until it has booted.' }),
    storage: Flags.string({ parse: storageArg, description: 'Storage for the disks. Default: where they were.' }),
    yes: Flags.boolean({ char: 'y', description: 'Do not ask.', env: 'ZEBU_YES' }),
  };

  /** A restore that is interrupted is stopped, and the empty VM it leaves is taken away. */
  protected override readonly graceMs = 60_000;

  async execute(): Promise<Restored> {
    const { args, flags } = await this.parse(VmBackupRestore);
    const context = await this.context(flags);
    const { restoreBackup } = await import('../../../lib/vm/backup/backups.js');
    const { shortTime } = await import('../../../lib/vm/snapshot/snapshots.js');
    const { asker } = await import('../../../lib/ui/ask.js');
    const { confirmByName } = await import('../../../lib/ui/confirm.js');
    const result = await restoreBackup(context, {
      backup: args.backup,
      asNew: flags['as-new'] === true,
      start: flags.start === true,
      storage: flags.storage,
      confirm: async (what, name) =>
        flags.yes || confirmByName(asker(this.io, VmBackupRestore.flags, 'yes'), what, name),
    });

    this.io.out(
      `VM ${result.vmid} (${result.name}) on ${result.node} is as of ${shortTime(result.time)}, and ${result.status}`,
    );
    return result;
  }
}
