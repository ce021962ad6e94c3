import { Flags } from '@oclif/core';
import { exits, resultOf } from '@zebu/kit';
import { ON_THE_HOST, ProjectCommand } from '../../lib/command/project-command.js';
import type { VmApplied } from '../../lib/vm/results.js';

export default class VmApply extends ProjectCommand<VmApplied> {
  static override result = resultOf<VmApplied>(1, async () => (await import('../../lib/vm/results.js')).vmApplied);
  static override exits = exits([...ON_THE_HOST, 'unknown']);
  static override summary = 'Bring the VM to what zebu.yml says, in place: whatever vm:diff shows.';
  static override description =
    'Changes cores, memory, disk (growing), network, firewall, tags and what zebu keeps inside the VM. Nothing is destroyed or made anew. What takes effect only when the VM starts again is said, and done at once with --restart. What cannot be changed (a smaller disk, another id or storage) is refused before anything is changed.';
  static override examples = [
    '<%= config.bin %> vm:apply --dry-run',
    '<%= config.bin %> vm:apply',
    '<%= config.bin %> vm:apply --restart',
  ];
  static override flags = {
    'dry-run': Flags.boolean({ default: false, description: 'Show the plan and change nothing.' }),
    restart: Flags.boolean({ default: false, description: 'Shut the VM down and start it, if a change needs that.' }),
  };

  async execute(): Promise<VmApplied> {
    const { flags } = await this.parse(VmApply);
    const context = await this.context(flags);
    const { applyVm } = await import('../../lib/vm/apply.js');
    const result = await applyVm(context, { dryRun: flags['dry-run'], restart: flags.restart });
    const name = `VM ${result.vmid} (${result.name}) on ${result.node}`;
    if (result.dryRun) {
      for (const step of result.steps)
        this.io.out(`${step.title}\n    ${step.method} ${step.path} ${JSON.stringify(step.params)}`);
      for (const change of result.guestChanges) this.io.out(`in the VM: ${change}`);
      for (const key of result.needsRestart) this.io.out(`at its next start, or with --restart: ${key}`);
      if (result.drift.length === 0) this.io.out(`${name} is what zebu.yml says: no change`);
    } else if (result.changed) {
      for (const { key, found, wanted } of result.drift) this.io.out(`${key}: ${found} -> ${wanted}`);
      this.io.out(`${name} is changed${result.restarted ? ' and was restarted' : ''}`);
    } else this.io.out(`${name}: no change`);
    return result;
  }
}
