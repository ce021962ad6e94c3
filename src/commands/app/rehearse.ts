import { Flags } from '@oclif/core';
import { exits, isZebuError, resultOf } from '@zebu/kit';
import { ON_THE_HOST, ProjectCommand } from '../../lib/command/project-command.js';
import { storageArg } from '../../lib/command/worded.js';
import type { Rehearsal, RehearsalCleaned } from '../../lib/rehearse/results.js';

export default class AppRehearse extends ProjectCommand<Rehearsal | RehearsalCleaned> {
  static override summary =
    'Deploy a release in a copy of the VM without a network, on its real data, and say how that went.';
  static override description =
    'Sends and builds as a deploy does, without switching. Then the VM is cloned, the copy unplugged before it starts and reached through the guest agent alone; in it the very same transaction is carried out: release command, start, verdict, probes from the VM, and going back where that is not good. The copy is removed whatever happens. Exit 7 when the release would not have gone live; what is live is not touched. The copy needs room for the disks of the VM, and memory beside it. Where Proxmox makes no clone of the VM, or the login may not, a backup is made, restored as the copy, and removed.';
  static override result = resultOf<Rehearsal | RehearsalCleaned>(
    1,
    async () => (await import('../../lib/rehearse/results.js')).rehearsed,
  );
  static override exits = exits([...ON_THE_HOST, 'restored', 'unknown']);
  static override examples = [
    '<%= config.bin %> app:rehearse --tag v1.3',
    '<%= config.bin %> app:rehearse --tag v1.3 --keep',
    '<%= config.bin %> app:rehearse --tag v1.3 --source backup --backup-storage nas',
    '<%= config.bin %> app:rehearse --clean',
  ];
  static override flags = {
    tag: Flags.string({
      description: 'Tag to rehearse.',
      env: 'ZEBU_TAG',
      exactlyOne: ['tag', 'branch', 'commit', 'dirty', 'clean'],
    }),
    branch: Flags.string({ description: 'Branch to rehearse.' }),
    commit: Flags.string({ description: 'Commit to rehearse.' }),
    dirty: Flags.boolean({ description: 'Rehearse the working tree as it is, without a commit.' }),
    clean: Flags.boolean({
      description: 'Remove the copies that rehearsals have left, and backups made for one.',
      exclusive: ['keep'],
    }),
    keep: Flags.boolean({
      description: 'Leave the copy, unplugged, for a look: vm:exec --rehearsal. --clean removes it.',
    }),
    source: Flags.option({
      options: ['clone', 'backup'] as const,
      description: 'What the copy is made of. Default: a clone, or a backup made for it where there can be no clone.',
    })(),
    'backup-storage': Flags.string({
      parse: storageArg,
      description:
        'Storage for the backup, where one is made. Default: vm.backup.storage, where the newest is, or the first.',
    }),
    storage: Flags.string({
      parse: storageArg,
      description: 'Storage for the disks of the copy. Default: where they are.',
    }),
    memory: Flags.integer({ min: 256, description: 'MiB of memory of the copy. Default: as the VM has.' }),
    'lock-wait': Flags.integer({
      min: 0,
      max: 86_400,
      helpValue: 'SECONDS',
      description: 'Wait this long for a deploy to end.',
    }),
  };

  /** The copy is stopped and removed first. */
  protected override readonly graceMs = 120_000;

  async execute(): Promise<Rehearsal | RehearsalCleaned> {
    const { flags } = await this.parse(AppRehearse);
    const context = await this.context(flags);
    const { rehearse, cleanRehearsals } = await import('../../lib/rehearse/rehearse.js');
    if (flags.clean) {
      const cleaned = await cleanRehearsals(context);
      const gone = [...cleaned.removed.map((vmid) => `VM ${vmid}`), ...cleaned.backups];
      this.io.out(cleaned.changed ? `Removed: ${gone.join(', ')}` : 'There is no copy of a rehearsal');
      return cleaned;
    }
    const { wantedRef } = await import('../../lib/repository/wanted-ref.js');
    const { rehearsalLines } = await import('../../lib/rehearse/text.js');
    const lines = (result: Rehearsal): void => {
      for (const line of rehearsalLines(result)) this.io.out(line);
    };
    try {
      const result = await rehearse(context, {
        ref: wantedRef(flags),
        source: flags.source,
        backupStorage: flags['backup-storage'],
        storage: flags.storage,
        memoryMb: flags.memory,
        lockWait: flags['lock-wait'] ?? context.config.deploy.lock_wait,
        keep: flags.keep,
      });
      lines(result);
      return result;
    } catch (error) {
      if (isZebuError(error) && error.code === 'REHEARSAL_FAILED') lines(error.details as unknown as Rehearsal);
      throw error;
    }
  }
}
