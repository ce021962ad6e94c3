import { Flags } from '@oclif/core';
import { exits, resultOf } from '@zebu/kit';
import { ON_THE_HOST, ProjectCommand } from '../../lib/command/project-command.js';
import type { PullNow } from '../../lib/pull/results.js';

export default class PullNowCommand extends ProjectCommand<PullNow> {
  static override result = resultOf<PullNow>(1, async () => (await import('../../lib/pull/results.js')).pullNow);
  static override exits = exits([...ON_THE_HOST, 'restored', 'unhealthy', 'unknown']);
  static override summary = 'Have the VM look at the repository now, and watch what it deploys.';
  static override description =
    'Also tries again a release that failed, and does not wait for a git server that was away. The exit status is that of the deploy; 0 when nothing newer is there, 6 when what is there was refused. Ctrl-C only ends the watching.';
  static override examples = ['<%= config.bin %> pull:now', '<%= config.bin %> pull:now --no-wait --json'];
  static override flags = {
    wait: Flags.boolean({ default: true, allowNo: true, description: 'Wait for the end of what was begun.' }),
  };

  async execute(): Promise<PullNow> {
    const { flags } = await this.parse(PullNowCommand);
    const context = await this.context(flags);
    const { pullNow } = await import('../../lib/pull/now.js');
    const result = await pullNow(context, flags.wait);
    const { looked, run, seconds, verdict } = result;
    if (verdict === 'unchanged') this.io.out(looked.why);
    else if (verdict === 'running') this.io.out(`${run ?? ''} is running: zebu app:follow ${run ?? ''}`);
    else this.io.out(`${looked.ref ?? ''} is live after ${seconds ?? 0} s (${run ?? ''})`);
    return result;
  }
}
