import { Args } from '@oclif/core';
import { exits, resultOf } from '@zebu/kit';
import { ON_THE_HOST, ProjectCommand } from '../../lib/command/project-command.js';
import { releaseOrRefArg } from '../../lib/command/worded.js';
import type { DeployResult } from '../../lib/deploy/results.js';

export default class AppRollback extends ProjectCommand<DeployResult> {
  static override result = resultOf<DeployResult>(
    1,
    async () => (await import('../../lib/deploy/results.js')).deployResult,
  );
  static override exits = exits([...ON_THE_HOST, 'restored', 'unhealthy', 'unknown']);
  static override hiddenAliases = ['rollback'];
  static override summary =
    'Go back to an earlier release, without a build: images, Compose files and secrets of then.';
  static override description = 'Data in volumes stays as it is now.';
  static override examples = [
    '<%= config.bin %> app:rollback',
    '<%= config.bin %> app:rollback v1.1',
    '<%= config.bin %> app:rollback 20261124T053000Z-1a2b3c4',
  ];
  static override args = {
    release: Args.string({
      parse: releaseOrRefArg,
      description: 'Release id, or the tag it was deployed as. Default: the last verified one before the live one.',
    }),
  };

  async execute(): Promise<DeployResult> {
    const { flags, args } = await this.parse(AppRollback);
    const context = await this.context(flags);
    const { deployReport } = await import('../../lib/ui/ci-report.js');
    this.ciReport = deployReport(context.config.app, 'rollback');
    const { rollBack } = await import('../../lib/app/releases.js');
    const result = await rollBack(context, args.release);
    this.io.out(`release ${result.release} is live again on ${result.host}`);
    if (result.url !== null) this.io.out(result.url);
    return result;
  }
}
