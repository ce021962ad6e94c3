import { exits, resultOf } from '@zebu/kit';
import { ON_THE_HOST, ProjectCommand } from '../../lib/command/project-command.js';
import type { PullStatus } from '../../lib/pull/results.js';

export default class PullStatusCommand extends ProjectCommand<PullStatus> {
  static override result = resultOf<PullStatus>(1, async () => (await import('../../lib/pull/results.js')).pullStatus);
  static override exits = exits(ON_THE_HOST);
  static override summary = 'What the VM found in the repository when it looked last, what it refused and why.';
  static override description = 'Nobody is asked but the VM: it says what its last look left. zebu pull:now looks.';
  static override examples = ['<%= config.bin %> pull:status', '<%= config.bin %> pull:status --json'];

  async execute(): Promise<PullStatus> {
    const { flags } = await this.parse(PullStatusCommand);
    const context = await this.context(flags);
    const { statusOfPull } = await import('../../lib/pull/status.js');
    const { statusLines } = await import('../../lib/pull/text.js');
    const { time, ...status } = await statusOfPull(context);
    for (const line of statusLines(status, time)) this.io.out(line);
    return status;
  }
}
