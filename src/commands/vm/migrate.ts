import { Args, Flags } from '@oclif/core';
import { exits, resultOf } from '@zebu/kit';
import { worded } from '../../lib/command/worded.js';
import { ON_THE_HOST, ProjectCommand } from '../../lib/command/project-command.js';
import type { Migrated } from '../../lib/vm/results.js';

export default class VmMigrate extends ProjectCommand<Migrated> {
  static override summary = 'Move the VM to another node of the cluster.';
  static override description =
    'A running VM goes on running (live migration), a stopped one stays stopped. Asks Proxmox first what stands in the way. Its address and its host key stay the same, and zebu finds it wherever it is.';
  static override result = resultOf<Migrated>(1, async () => (await import('../../lib/vm/results.js')).migrated);
  static override exits = exits([...ON_THE_HOST, 'unknown']);
  static override examples = [
    '<%= config.bin %> vm:migrate pve2',
    '<%= config.bin %> vm:migrate pve2 --with-local-disks',
  ];
  static override args = {
    node: Args.string({
      parse: worded(/^[A-Za-z0-9][A-Za-z0-9.-]*$/, 'the name of a node'),
      description: 'Name of the node to go to.',
      required: true,
    }),
  };
  static override flags = {
    'with-local-disks': Flags.boolean({ description: 'Copy disks on storages of the node itself while the VM runs.' }),
  };

  async execute(): Promise<Migrated> {
    const { args, flags } = await this.parse(VmMigrate);
    const context = await this.context(flags);
    const { migrateVm } = await import('../../lib/vm/migrate.js');
    const result = await migrateVm(context, { target: args.node, withLocalDisks: flags['with-local-disks'] });
    this.io.out(
      result.changed
        ? `VM ${result.vmid} (${result.name}) is on ${result.to}${result.online ? ', and was running all the time' : ''}`
        : `VM ${result.vmid} (${result.name}) is on ${result.to} already: no change`,
    );
    return result;
  }
}
