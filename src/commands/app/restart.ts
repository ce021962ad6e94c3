import { exits, resultOf } from '@zebu/kit';
import { ON_THE_HOST, ProjectCommand } from '../../lib/command/project-command.js';
import { serviceArgs } from '../../lib/command/worded.js';
import type { StartStop } from '../../lib/app/results.js';

export default class AppRestart extends ProjectCommand<StartStop> {
  static override result = resultOf<StartStop>(1, async () => (await import('../../lib/app/results.js')).startStop);
  static override exits = exits([...ON_THE_HOST, 'unhealthy']);
  static override summary = 'Restart services and wait until they are healthy.';
  static override examples = ['<%= config.bin %> app:restart', '<%= config.bin %> app:restart web'];
  static override usage = 'app:restart [SERVICE...]';
  static override strict = false;

  async execute(): Promise<StartStop> {
    const { flags, argv } = await this.parse(AppRestart);
    const services = await serviceArgs(argv as string[]);
    const context = await this.context(flags);
    const { startStop } = await import('../../lib/app/start-stop.js');
    const { stateWord } = await import('../../lib/app-folder/services.js');
    const result = await startStop(context, 'restart', services);
    for (const each of result.services) this.io.out(`${each.service} ${stateWord(each)}`);
    return result;
  }
}
