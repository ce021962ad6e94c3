import { Args, Flags } from '@oclif/core';
import { exits, resultOf } from '@zebu/kit';
import { ON_THE_HOST, ProjectCommand } from '../../../lib/command/project-command.js';
import { snapshotArg } from '../../../lib/command/worded.js';
import type { SnapshotRolledBack } from '../../../lib/vm/snapshot/results.js';

export default class VmSnapshotRollback extends ProjectCommand<SnapshotRolledBack> {
  static override summary = 'Rewind the VM to a snapshot. What was written since is lost.';
  static override description =
    'Stops the VM, and puts its disks and its configuration back to what they were: databases, uploads, logs, everything. Asks for the name of the VM first. To go back to an earlier release and keep the data, use app:rollback.';
  static override result = resultOf<SnapshotRolledBack>(
    1,
    async () => (await import('../../../lib/vm/snapshot/results.js')).snapshotRolledBack,
  );
  static override exits = exits([...ON_THE_HOST, 'unknown']);
  static override examples = [
    '<%= config.bin %> vm:snapshot:rollback before-v2 --start',
    '<%= config.bin %> vm:snapshot:rollback before-v2 --start --yes',
  ];
  static override args = {
    name: Args.string({ parse: snapshotArg, description: 'Name of the snapshot.', required: true }),
  };
  static override flags = {
    start: Flags.boolean({ description: 'Start the VM again, and wait until it has booted.' }),
    yes: Flags.boolean({ char: 'y', description: 'Do not ask.', env: 'ZEBU_YES' }),
  };

  async execute(): Promise<SnapshotRolledBack> {
    const { args, flags } = await this.parse(VmSnapshotRollback);
    const context = await this.context(flags);
    const { rollbackSnapshot, shortTime } = await import('../../../lib/vm/snapshot/snapshots.js');
    const { asker } = await import('../../../lib/ui/ask.js');
    const { confirmByName } = await import('../../../lib/ui/confirm.js');
    const result = await rollbackSnapshot(context, {
      name: args.name,
      start: flags.start,
      confirm: async (what, name) =>
        flags.yes || confirmByName(asker(this.io, VmSnapshotRollback.flags, 'yes'), what, name),
    });
    const start = result.status === 'running' ? 'is running' : 'is stopped (start it: zebu vm:start)';
    this.io.out(`VM ${result.vmid} (${result.vm}) is back at ${shortTime(result.time)} and ${start}`);
    return result;
  }
}
