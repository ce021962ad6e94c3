import { Flags } from '@oclif/core';
import { exits, resultOf } from '@zebu/kit';
import { ON_THE_HOST, ProjectCommand } from '../../lib/command/project-command.js';
import type { VmPower } from '../../lib/vm/results.js';

export default class VmStop extends ProjectCommand<VmPower> {
  static override result = resultOf<VmPower>(1, async () => (await import('../../lib/vm/results.js')).vmPower);
  static override exits = exits([...ON_THE_HOST, 'unknown']);
  static override summary = 'Shut the VM down cleanly.';
  static override examples = ['<%= config.bin %> vm:stop', '<%= config.bin %> vm:stop --force'];
  static override flags = {
    force: Flags.boolean({ description: 'Pull the plug instead of shutting down.' }),
  };

  async execute(): Promise<VmPower> {
    const { flags } = await this.parse(VmStop);
    const { stopVm } = await import('../../lib/vm/lifecycle.js');
    const result = await stopVm(await this.context(flags), flags.force);
    this.io.out(
      `VM ${result.vmid} (${result.name}) ${result.changed ? 'is stopped' : 'was stopped already: no change'}`,
    );
    return result;
  }
}
