import { Flags } from '@oclif/core';
import { exits, resultOf } from '@zebu/kit';
import { ON_THE_HOST, ProjectCommand } from '../../lib/command/project-command.js';
import type { VmPower } from '../../lib/vm/results.js';

export default class VmRestart extends ProjectCommand<VmPower> {
  static override result = resultOf<VmPower>(1, async () => (await import('../../lib/vm/results.js')).vmPower);
  static override exits = exits([...ON_THE_HOST, 'unknown']);
  static override summary = 'Shut the VM down, start it again, and wait until it can be logged in to.';
  static override examples = ['<%= config.bin %> vm:restart'];
  static override flags = {
    force: Flags.boolean({ description: 'Pull the plug instead of shutting down.' }),
  };

  async execute(): Promise<VmPower> {
    const { flags } = await this.parse(VmRestart);
    const { restartVm } = await import('../../lib/vm/lifecycle.js');
    const result = await restartVm(await this.context(flags), flags.force);
    this.io.out(`VM ${result.vmid} (${result.name}) is running`);
    return result;
  }
}
