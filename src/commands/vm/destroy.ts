import { Flags } from '@oclif/core';
import { exits, resultOf } from '@zebu/kit';
import { ON_THE_HOST, ProjectCommand } from '../../lib/command/project-command.js';
import type { VmPower } from '../../lib/vm/results.js';

export default class VmDestroy extends ProjectCommand<VmPower> {
  static override result = resultOf<VmPower>(1, async () => (await import('../../lib/vm/results.js')).vmPower);
  static override exits = exits([...ON_THE_HOST, 'unknown']);
  static override summary = 'Destroy the VM and everything in it.';
  static override description = 'Asks for the name of the VM first. Only a VM that zebu made for this app is touched.';
  static override examples = ['<%= config.bin %> vm:destroy', '<%= config.bin %> vm:destroy --yes'];
  static override flags = {
    yes: Flags.boolean({ char: 'y', description: 'Do not ask.', env: 'ZEBU_YES' }),
  };

  async execute(): Promise<VmPower> {
    const { flags } = await this.parse(VmDestroy);
    const context = await this.context(flags);
    const { destroyVm } = await import('../../lib/vm/lifecycle.js');
    const { asker } = await import('../../lib/ui/ask.js');
    const { confirmByName } = await import('../../lib/ui/confirm.js');
    const result = await destroyVm(
      context,
      async (name) =>
        flags.yes ||
        confirmByName(asker(this.io, VmDestroy.flags, 'yes'), `This destroys the VM ${name} and all its data`, name),
    );
    this.io.out(`VM ${result.vmid} (${result.name}) is gone`);
    return result;
  }
}
