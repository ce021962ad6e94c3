import { Flags } from '@oclif/core';
import { exits, resultOf } from '@zebu/kit';
import { ON_THE_HOST, ProjectCommand } from '../../lib/command/project-command.js';
import type { PullEnabled } from '../../lib/pull/results.js';

export default class PullEnable extends ProjectCommand<PullEnabled> {
  static override result = resultOf<PullEnabled>(
    1,
    async () => (await import('../../lib/pull/results.js')).pullEnabled,
  );
  static override exits = exits(ON_THE_HOST);
  static override summary =
    'Let the VM deploy by itself what is released in git: signed tags, with nothing open from outside.';
  static override description =
    'As the section `pull` of zebu.yml says. Makes a read-only deploy key in the VM and prints its public half, pins the host key of the git server as this machine knows it, and starts a timer. Run it again after a change of zebu.yml: a commit that asks for another plan than the one enabled is refused. See docs/pull.md.';
  static override examples = [
    '<%= config.bin %> pull:enable --dry-run',
    '<%= config.bin %> pull:enable',
    '<%= config.bin %> pull:enable --new-key',
  ];
  static override flags = {
    'dry-run': Flags.boolean({ default: false, description: 'Show the plan and change nothing.' }),
    'new-key': Flags.boolean({ default: false, description: 'Make a new deploy key in place of the one in the VM.' }),
  };

  async execute(): Promise<PullEnabled> {
    const { flags } = await this.parse(PullEnable);
    const context = await this.context(flags);
    const { enablePull } = await import('../../lib/pull/enable.js');
    const { enabledLines } = await import('../../lib/pull/text.js');
    const result = await enablePull(context, { dryRun: flags['dry-run'], newKey: flags['new-key'] });
    if (result.dryRun) for (const step of result.steps) this.io.out(step);
    for (const line of enabledLines(result)) this.io.out(line);
    return result;
  }
}
