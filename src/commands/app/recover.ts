import { exits, resultOf } from '@zebu/kit';
import { ON_THE_HOST, ProjectCommand } from '../../lib/command/project-command.js';
import type { Recovered } from '../../lib/runs/results.js';

export default class AppRecover extends ProjectCommand<Recovered> {
  static override result = resultOf<Recovered>(1, async () => (await import('../../lib/runs/results.js')).recovered);
  static override exits = exits([...ON_THE_HOST, 'unhealthy', 'unknown']);
  static override summary = 'End a deploy that was interrupted in the VM: put the previous release back, or finish it.';
  static override description =
    'A killed runner and a power cut are recovered from in the VM by themselves, and by the next deploy; this is for when you do not want to wait for either. Does nothing when nothing is open.';
  static override examples = ['<%= config.bin %> app:recover', '<%= config.bin %> app:recover --json'];

  async execute(): Promise<Recovered> {
    const { flags } = await this.parse(AppRecover);
    const context = await this.context(flags);
    const { recover } = await import('../../lib/runs/start-recovery.js');
    const result = await recover(context);
    this.io.out(
      result.recovered ? `${result.release ?? ''}: ${result.verdict ?? ''} (${result.reason})` : 'nothing to recover',
    );
    return result;
  }
}
