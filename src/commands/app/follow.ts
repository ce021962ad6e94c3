import { Args } from '@oclif/core';
import { exits, resultOf } from '@zebu/kit';
import { ON_THE_HOST, ProjectCommand } from '../../lib/command/project-command.js';
import { releaseArg } from '../../lib/command/worded.js';
import type { Followed } from '../../lib/runs/results.js';

export default class AppFollow extends ProjectCommand<Followed> {
  static override result = resultOf<Followed>(1, async () => (await import('../../lib/runs/results.js')).followed);
  static override exits = exits([...ON_THE_HOST, 'restored', 'unhealthy', 'unknown']);
  static override summary = 'Watch a deploy that runs in the VM, from its first step, or see how it ended.';
  static override description =
    'The exit status is that of the deploy: 0 live, 6 refused, 7 restored, 8 not healthy, 9 interrupted. Ctrl-C only ends the watching.';
  static override examples = [
    '<%= config.bin %> app:follow',
    '<%= config.bin %> app:follow 20261124T053000Z-1a2b3c4 --json',
  ];
  static override args = {
    run: Args.string({ parse: releaseArg, description: 'Id that app:deploy printed. Default: the newest.' }),
  };

  async execute(): Promise<Followed> {
    const { flags, args } = await this.parse(AppFollow);
    const context = await this.context(flags);
    const { follow } = await import('../../lib/runs/attach.js');
    const { toReleaseId } = await import('../../lib/app-folder/release-id.js');
    const result = await follow(context, args.run === undefined ? undefined : toReleaseId(args.run));
    this.io.out(`${result.run} is live after ${result.seconds} s`);
    return result;
  }
}
