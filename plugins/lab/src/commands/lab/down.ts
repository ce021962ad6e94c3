import { Flags } from '@oclif/core';
import { exits, resultOf } from '@zebu/kit';
import { ZebuCommand } from '@zebu/kit/command';
import type { DownReport } from '../../instance/results.js';
import { labFlags, labLayout } from '../../instance/flags.js';

export default class LabDown extends ZebuCommand<DownReport> {
  static override result = resultOf<DownReport>(1, async () => (await import('../../instance/results.js')).downReport);
  static override exits = exits(['precondition']);
  static override summary = 'Take the lab down: guests, node, bridge and state.';
  static override description = 'Leaves nothing behind but the cached guest image.';
  static override examples = ['<%= config.bin %> lab:down', '<%= config.bin %> lab:down --purge-cache'];
  static override flags = {
    ...labFlags,
    'purge-cache': Flags.boolean({ description: 'Remove the cached guest image as well.' }),
  };

  async execute(): Promise<DownReport> {
    const { flags } = await this.parse(LabDown);
    const { labDown } = await import('../../instance/down.js');
    const report = await labDown(labLayout(flags), {
      purgeCache: flags['purge-cache'],
      log: (line) => this.io.note(`  ${line}`),
    });
    this.io.out(report.existed ? `the lab ${report.name} is gone` : `there is no lab ${report.name}`);
    return report;
  }
}
