import { Flags } from '@oclif/core';
import { exits, resultOf } from '@zebu/kit';
import { ON_THE_HOST, ProjectCommand } from '../../lib/command/project-command.js';
import type { AppStatusWithBackups as Status } from '../../lib/app/results.js';

/** Exit status of `--exit-code`, as of a deploy that leaves the app so. */
const NOT_HEALTHY = 8;

export default class AppStatus extends ProjectCommand<Status> {
  static override result = resultOf<Status>(
    1,
    async () => (await import('../../lib/app/results.js')).appStatusWithBackups,
  );
  static override exits = exits(ON_THE_HOST, 'With --exit-code also 8 when the app is not healthy.');
  static override hiddenAliases = ['status'];
  static override summary =
    'Show the live release and its services: since when, where, state, health, restarts, usage, ports, drift.';
  static override description =
    'Drift is in what the containers differ from what the live release was verified with. CPU is in percent of one core. What was stopped with app:stop is shown as stopped, and is not unhealthy. To show an app that is not healthy is no failure of this command: who wants to act on it asks for --exit-code, as with vm:diff.';
  static override examples = [
    '<%= config.bin %> app:status',
    '<%= config.bin %> app:status --json',
    '<%= config.bin %> app:status --exit-code',
  ];
  static override flags = {
    'exit-code': Flags.boolean({ description: `End with status ${NOT_HEALTHY} when the app is not healthy.` }),
  };

  async execute(): Promise<Status> {
    const { flags } = await this.parse(AppStatus);
    const context = await this.context(flags);
    const { statusWithBackups } = await import('../../lib/app/status.js');
    const { statusLines } = await import('../../lib/app/status-text.js');
    const status = await statusWithBackups(context);
    for (const line of statusLines(status, this.io.width, { backup: status.backup })) this.io.out(line);
    if (flags['exit-code'] && !status.healthy) process.exitCode = NOT_HEALTHY;
    return status;
  }
}
