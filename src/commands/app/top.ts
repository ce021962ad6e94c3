import { Flags } from '@oclif/core';
import { resultOf } from '@zebu/kit';
import { ProjectCommand } from '../../lib/command/project-command.js';
import type { TopView } from '../../lib/app/results.js';

export default class AppTop extends ProjectCommand<TopView> {
  static override result = resultOf<TopView>(1, async () => (await import('../../lib/app/results.js')).topView);
  static override summary = 'Watch what the app’s containers and the VM use: CPU, memory, restarts, disk.';
  static override description =
    'On a terminal redrawn until q or Ctrl-C; without one, and with --json, one snapshot. CPU is in percent of one core.';
  static override examples = ['<%= config.bin %> app:top', '<%= config.bin %> app:top --json'];
  static override flags = {
    interval: Flags.integer({ min: 1, max: 60, default: 2, helpValue: 'SECONDS', description: 'Time between views.' }),
  };

  async execute(): Promise<TopView> {
    const { flags } = await this.parse(AppTop);
    const context = await this.context(flags);
    const { topLive, topOnce } = await import('../../lib/app/top.js');
    if (this.io.interactive && process.stdout.isTTY) return topLive(context, flags.interval);
    const { topLines } = await import('../../lib/app/status-text.js');
    const view = await topOnce(context);
    for (const line of topLines(view, context.clock.now(), this.io.width)) this.io.out(line);
    return view;
  }
}
