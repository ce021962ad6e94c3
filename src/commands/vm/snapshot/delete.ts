import { Args, Flags } from '@oclif/core';
import { exits, resultOf } from '@zebu/kit';
import { ON_THE_HOST, ProjectCommand } from '../../../lib/command/project-command.js';
import { snapshotArg } from '../../../lib/command/worded.js';
import type { SnapshotChange } from '../../../lib/vm/snapshot/results.js';

export default class VmSnapshotDelete extends ProjectCommand<SnapshotChange> {
  static override summary = 'Delete a snapshot. The VM as it is now is not touched.';
  static override result = resultOf<SnapshotChange>(
    1,
    async () => (await import('../../../lib/vm/snapshot/results.js')).snapshotChange,
  );
  static override exits = exits([...ON_THE_HOST, 'unknown']);
  static override examples = ['<%= config.bin %> vm:snapshot:delete before-v2'];
  static override args = {
    name: Args.string({ parse: snapshotArg, description: 'Name of the snapshot.', required: true }),
  };
  static override flags = {
    'allow-freeze': Flags.boolean({
      description: 'Accept that a running VM stands still meanwhile (qcow2 files in a directory or on NFS).',
    }),
  };

  async execute(): Promise<SnapshotChange> {
    const { args, flags } = await this.parse(VmSnapshotDelete);
    const context = await this.context(flags);
    const { deleteSnapshot } = await import('../../../lib/vm/snapshot/snapshots.js');
    const result = await deleteSnapshot(context, { name: args.name, allowFreeze: flags['allow-freeze'] });
    this.io.out(`The snapshot ${result.snapshot} of VM ${result.vmid} (${result.vm}) is gone`);
    return result;
  }
}
