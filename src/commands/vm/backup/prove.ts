import { Args, Flags } from '@oclif/core';
import { exits, resultOf } from '@zebu/kit';
import { ON_THE_HOST, ProjectCommand } from '../../../lib/command/project-command.js';
import { backupArg, storageArg } from '../../../lib/command/worded.js';
import type { BackupProven } from '../../../lib/copies/results.js';

export default class VmBackupProve extends ProjectCommand<BackupProven> {
  static override summary =
    'Restore a backup beside the VM, without a network, to see whether the app comes back in it.';
  static override description =
    'The copy is unplugged before it starts, has its own id, name and tags, and is reached through the guest agent alone. In it the verdict of a deploy is given on the live release, with the probes from the VM, and the commands of data.check are run. It is removed whatever happens; the result is noted in the VM of the app, for app:status and doctor. The VM of the app is not touched.';
  static override result = resultOf<BackupProven>(
    1,
    async () => (await import('../../../lib/copies/results.js')).backupProven,
  );
  static override exits = exits([...ON_THE_HOST, 'unhealthy', 'unknown']);
  static override examples = [
    '<%= config.bin %> vm:backup:prove',
    '<%= config.bin %> vm:backup:prove vzdump-qemu-100-2026_11_24-21_03_00.vma.zst --storage nas --memory 1024',
  ];
  static override args = {
    backup: Args.string({
      parse: backupArg,
      description: 'As vm:backup:list names it, its last part, or latest.',
      default: 'latest',
    }),
  };
  static override flags = {
    storage: Flags.string({
      parse: storageArg,
      description: 'Storage for the disks of the copy. Default: where they were.',
    }),
    memory: Flags.integer({ min: 256, description: 'MiB of memory of the copy. Default: as in the backup.' }),
  };

  /** The copy is stopped and removed first. */
  protected override readonly graceMs = 120_000;

  async execute(): Promise<BackupProven> {
    const { args, flags } = await this.parse(VmBackupProve);
    const context = await this.context(flags);
    const { proveBackup } = await import('../../../lib/copies/prove.js');
    const { checksOf } = await import('../../../lib/copies/checks.js');
    const { formatBytes, formatSeconds } = await import('../../../lib/ui/units.js');
    const { shortTime } = await import('../../../lib/vm/snapshot/snapshots.js');
    const result = await proveBackup(context, {
      backup: args.backup,
      storage: flags.storage,
      memoryMb: flags.memory,
      checks: checksOf(context.config),
    });
    const { restore, boot, verdict } = result.steps;
    this.io.out(
      `Proven: ${result.backup} of ${shortTime(result.backupTime)} (${formatBytes(result.backupBytes)}) comes back in ${formatSeconds((restore ?? 0) + (boot ?? 0) + (verdict ?? 0))}`,
    );
    for (const { name, copy, production } of result.checks)
      this.io.out(`  ${name}: ${copy}${production === null ? '' : ` (now: ${production})`}`);
    return result;
  }
}
