import { Flags } from '@oclif/core';
import { exits, resultOf } from '@zebu/kit';
import { ON_THE_HOST, ProjectCommand } from '../../../lib/command/project-command.js';
import { pruneArg, storageArg } from '../../../lib/command/worded.js';
import type { BackupMade } from '../../../lib/vm/backup/results.js';

export default class VmBackupCreate extends ProjectCommand<BackupMade> {
  static override summary = 'Back the VM up: a whole copy of it on a backup storage.';
  static override description =
    "Proxmox's own vzdump. Mode snapshot goes on running (file systems frozen for a moment through the guest agent), suspend holds the VM still, stop shuts it down meanwhile. A large VM may take longer than proxmox.task_timeout: raise it.";
  static override result = resultOf<BackupMade>(
    1,
    async () => (await import('../../../lib/vm/backup/results.js')).backupMade,
  );
  static override exits = exits([...ON_THE_HOST, 'unknown']);
  static override examples = [
    '<%= config.bin %> vm:backup:create',
    '<%= config.bin %> vm:backup:create --storage nas --prune keep-last=7,keep-weekly=4',
    '<%= config.bin %> vm:backup:create --notes "before v2" --protected',
  ];
  static override flags = {
    storage: Flags.string({ parse: storageArg, description: 'Storage with content type backup. Default: the first.' }),
    mode: Flags.option({
      options: ['snapshot', 'suspend', 'stop'] as const,
      default: 'snapshot',
      description: 'What happens to the running VM meanwhile.',
    })(),
    notes: Flags.string({ description: 'A note kept with it.' }),
    protected: Flags.boolean({ description: 'Keep it until somebody takes the protection away.' }),
    prune: Flags.string({
      parse: pruneArg,
      description:
        "Which older backups to keep, as Proxmox writes it. Needs Datastore.Allocate. Default: the storage's rule.",
    }),
  };

  async execute(): Promise<BackupMade> {
    const { flags } = await this.parse(VmBackupCreate);
    const context = await this.context(flags);
    const { createBackup } = await import('../../../lib/vm/backup/backups.js');
    const { formatBytes } = await import('../../../lib/ui/units.js');
    const { storage, mode, notes, prune } = flags;
    const made = await createBackup(context, { storage, mode, notes, prune, protected: flags.protected });
    this.io.out(`VM ${made.vmid} (${made.name}) is backed up: ${made.backup} (${formatBytes(made.bytes)})`);
    return made;
  }
}
