import { resultOf } from '@zebu/kit';
import { ProjectCommand } from '../../lib/command/project-command.js';
import type { AppStatus as Status } from '../../lib/deploy/status.js';

export default class AppStatus extends ProjectCommand<Status> {
  static override result = resultOf<Status>(1, async () => (await import('../../lib/deploy/results.js')).appStatus);
  static override summary = 'Show the live release and its services: state, health, restarts, image, ports.';
  static override examples = ['<%= config.bin %> app:status', '<%= config.bin %> app:status --json'];

  async execute(): Promise<Status> {
    const { flags } = await this.parse(AppStatus);
    const context = await this.context(flags);
    const { appStatus } = await import('../../lib/deploy/status.js');
    const { table } = await import('../../lib/ui/table.js');
    const status = await appStatus(context);
    this.io.out(
      `${status.app}: ${status.healthy ? 'healthy' : 'NOT HEALTHY'}, release ${status.release ?? 'none'} on ${status.host}`,
    );
    const last = status.last;
    if (last !== null)
      this.io.out(
        `last deploy: ${last.ref} by ${last.who}: ${last.verdict}${last.reason === '' ? '' : ` (${last.reason})`}`,
      );
    if (status.deploying !== null)
      this.io.out(`a deploy is running: ${String(status.deploying['ref'])} by ${String(status.deploying['who'])}`);
    const rows = status.services.map((each) => [
      each.service,
      each.state === 'exited' ? `exited (${each.exitCode})` : each.state,
      each.health === 'none' ? '-' : each.health,
      String(each.restarts),
      each.image,
      each.ports.join(' '),
    ]);
    for (const line of table(['SERVICE', 'STATE', 'HEALTH', 'RESTARTS', 'IMAGE', 'PORTS'], rows)) this.io.out(line);
    return status;
  }
}
