import { Flags } from '@oclif/core';
import { exits, resultOf } from '@zebu/kit';
import { ON_THE_HOST, ProjectCommand } from '../../lib/command/project-command.js';
import type { VmCreated } from '../../lib/vm/results.js';

export default class VmCreate extends ProjectCommand<VmCreated> {
  static override result = resultOf<VmCreated>(1, async () => (await import('../../lib/vm/results.js')).vmCreated);
  static override exits = exits([...ON_THE_HOST, 'unknown']);
  static override summary =
    'Create the VM with Docker in it, or finish one that was interrupted. Run again it changes nothing.';
  static override description =
    'Downloads and checks the image, creates and starts the VM, finds its address and SSH host key through the guest agent, and proves that Docker and Compose work by running them.';
  static override examples = [
    '<%= config.bin %> vm:create --dry-run',
    '<%= config.bin %> vm:create',
    '<%= config.bin %> vm:create --json',
  ];
  static override flags = {
    'dry-run': Flags.boolean({ default: false, description: 'Show the plan and change nothing.' }),
  };

  async execute(): Promise<VmCreated> {
    const { flags } = await this.parse(VmCreate);
    const context = await this.context(flags);
    const { createVm } = await import('../../lib/vm/create.js');
    const result = await createVm(context, { dryRun: flags['dry-run'] === true });
    if (result.dryRun) {
      for (const step of result.steps)
        this.io.out(`${step.title}\n    ${step.method} ${step.path} ${JSON.stringify(step.params)}`);
      if (result.steps.length === 0) this.io.out(`VM ${result.vmid} (${result.name}) is there and running: no change`);
    } else if (result.changed) {
      this.io.out(`VM ${result.vmid} (${result.name}) on ${result.node} is ready at ${result.ip ?? ''}`);
      this.io.note('next: zebu app:deploy --tag <tag>, or zebu up for the newest');
    } else this.io.out(`VM ${result.vmid} (${result.name}) on ${result.node} at ${result.ip ?? ''}: no change`);
    return result;
  }
}
