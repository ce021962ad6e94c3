import { resultOf } from '@zebu/kit';
import { ProjectCommand } from '../../lib/command/project-command.js';
import type { AppStatus as Status } from '../../lib/app-folder/results.js';

export default class AppStatus extends ProjectCommand<Status> {
  static override result = resultOf<Status>(1, async () => (await import('../../lib/app-folder/results.js')).appStatus);
  static override hiddenAliases = ['status'];
  static override summary = 'Show the live release and its services: state, health, restarts, usage, ports, drift.';
  static override description =
    'Drift is in what the containers differ from what the live release was verified with. CPU is in percent of one core.';
  static override examples = ['<%= config.bin %> app:status', '<%= config.bin %> app:status --json'];

  async execute(): Promise<Status> {
    const { flags } = await this.parse(AppStatus);
    const context = await this.context(flags);
    const { appStatus } = await import('../../lib/app-folder/status.js');
    const { statusLines } = await import('../../lib/app/status-text.js');
    const status = await appStatus(context);
    for (const line of statusLines(status)) this.io.out(line);
    return status;
  }
}
