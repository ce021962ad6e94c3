import { Flags } from '@oclif/core';
import { exits, resultOf } from '@zebu/kit';
import { ON_THE_HOST, ProjectCommand } from '../../lib/command/project-command.js';
import type { Pruned } from '../../lib/app/results.js';

export default class AppPrune extends ProjectCommand<Pruned> {
  static override result = resultOf<Pruned>(1, async () => (await import('../../lib/app/results.js')).pruned);
  static override exits = exits([...ON_THE_HOST, 'unknown']);
  static override summary = 'Remove old releases, the images nothing needs, and build cache above the limit.';
  static override description =
    'Never what a rollback needs: the live release and the newest verified ones stay. A deploy does the same by itself.';
  static override examples = ['<%= config.bin %> app:prune', '<%= config.bin %> app:prune --keep 2 --build-cache-gb 0'];
  static override flags = {
    keep: Flags.integer({
      min: 2,
      max: 1000,
      helpValue: 'N',
      description: 'Verified releases to keep. Default: deploy.keep.',
    }),
    'build-cache-gb': Flags.integer({
      min: 0,
      max: 10_000,
      helpValue: 'GB',
      description: 'Build cache to keep. Default: deploy.build_cache_gb.',
    }),
  };

  async execute(): Promise<Pruned> {
    const { flags } = await this.parse(AppPrune);
    const context = await this.context(flags);
    const { prune } = await import('../../lib/app/prune.js');
    const result = await prune(context, { keep: flags.keep, buildCacheGb: flags['build-cache-gb'] });
    for (const release of result.removed) this.io.out(`removed ${release}`);
    this.io.out(`${result.freedMb} MiB freed, ${result.freeMb} MiB free`);
    return result;
  }
}
