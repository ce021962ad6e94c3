import { Args, Flags } from '@oclif/core';
import { exits, resultOf } from '@zebu/kit';
import { ON_THE_HOST, ProjectCommand } from '../../../lib/command/project-command.js';
import type { SnapshotTaken } from '../../../lib/vm/snapshot/results.js';

export default class VmSnapshotCreate extends ProjectCommand<SnapshotTaken> {
  static override summary = "Take a snapshot of the VM's disks and configuration.";
  static override description =
    'Quick, and on the same storage: an undo for the next step, not a backup. Looks at the storage of every disk first, and refuses what it cannot do or what would let the running VM stand still.';
  static override result = resultOf<SnapshotTaken>(
    1,
    async () => (await import('../../../lib/vm/snapshot/results.js')).snapshotTaken,
  );
  static override exits = exits([...ON_THE_HOST, 'unknown']);
  static override examples = [
    '<%= config.bin %> vm:snapshot:create before-v2',
    '<%= config.bin %> vm:snapshot:create --description "before the migration of the database"',
  ];
  static override args = {
    name: Args.string({ description: 'Name: letters, digits, - and _. Default: zebu- and the time.' }),
  };
  static override flags = {
    description: Flags.string({ description: 'A note kept with it.' }),
    'allow-freeze': Flags.boolean({
      description: 'Accept that a running VM stands still meanwhile (qcow2 files in a directory or on NFS).',
    }),
  };

  async execute(): Promise<SnapshotTaken> {
    const { args, flags } = await this.parse(VmSnapshotCreate);
    const context = await this.context(flags);
    const { takeSnapshot } = await import('../../../lib/vm/snapshot/snapshots.js');
    const result = await takeSnapshot(context, {
      name: args.name,
      description: flags.description,
      allowFreeze: flags['allow-freeze'],
    });
    this.io.out(`VM ${result.vmid} (${result.vm}) has the snapshot ${result.snapshot}`);
    return result;
  }
}
