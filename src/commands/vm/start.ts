import { exits, resultOf } from '@zebu/kit';
import { ON_THE_HOST, ProjectCommand } from '../../lib/command/project-command.js';
import type { VmPower } from '../../lib/vm/results.js';

export default class VmStart extends ProjectCommand<VmPower> {
  static override result = resultOf<VmPower>(1, async () => (await import('../../lib/vm/results.js')).vmPower);
  static override exits = exits([...ON_THE_HOST, 'unknown']);
  static override summary = 'Start the VM and wait until it can be logged in to.';
  static override examples = ['<%= config.bin %> vm:start'];

  async execute(): Promise<VmPower> {
    const { flags } = await this.parse(VmStart);
    const { startVm } = await import('../../lib/vm/lifecycle.js');
    const result = await startVm(await this.context(flags));
    this.io.out(
      `VM ${result.vmid} (${result.name}) ${result.changed ? 'is running' : 'was running already: no change'}`,
    );
    return result;
  }
}
