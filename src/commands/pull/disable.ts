import { Flags } from '@oclif/core';
import { exits, resultOf } from '@zebu/kit';
import { ON_THE_HOST, ProjectCommand } from '../../lib/command/project-command.js';
import type { PullDisabled } from '../../lib/pull/results.js';

export default class PullDisable extends ProjectCommand<PullDisabled> {
  static override result = resultOf<PullDisabled>(
    1,
    async () => (await import('../../lib/pull/results.js')).pullDisabled,
  );
  static override exits = exits(ON_THE_HOST);
  static override summary = 'Let the VM deploy no more by itself: its units and its deploy key are removed.';
  static override description = 'What is live stays, and a run that has begun goes on to its end.';
  static override examples = ['<%= config.bin %> pull:disable --dry-run', '<%= config.bin %> pull:disable'];
  static override flags = {
    'dry-run': Flags.boolean({ default: false, description: 'Show the plan and change nothing.' }),
  };

  async execute(): Promise<PullDisabled> {
    const { flags } = await this.parse(PullDisable);
    const context = await this.context(flags);
    const { disablePull } = await import('../../lib/pull/disable.js');
    const result = await disablePull(context, flags['dry-run']);
    if (result.dryRun) for (const step of result.steps) this.io.out(step);
    else if (!result.changed) this.io.out(`the VM does not deploy ${result.app} by itself: no change`);
    else {
      this.io.out(`the VM deploys ${result.app} no more by itself`);
      if (result.key !== null) this.io.out(`remove its deploy key at the git server, too: ${result.key}`);
    }
    return result;
  }
}
