import { resultOf } from '@zebu/kit';
import { pagerFlag } from '@zebu/kit/command';
import { ProjectCommand } from '../../lib/command/project-command.js';
import type { ReleaseList } from '../../lib/app/results.js';

export default class AppReleases extends ProjectCommand<ReleaseList> {
  static override result = resultOf<ReleaseList>(1, async () => (await import('../../lib/app/results.js')).releaseList);
  static override summary = 'List what was deployed, by whom, and how it ended.';
  static override examples = ['<%= config.bin %> app:releases', '<%= config.bin %> app:releases --json'];
  static override flags = { ...pagerFlag };

  async execute(): Promise<ReleaseList> {
    const { flags } = await this.parse(AppReleases);
    this.page(flags);
    const context = await this.context(flags);
    const { listReleases } = await import('../../lib/app/releases.js');
    const { table } = await import('../../lib/ui/table.js');
    const releases = await listReleases(context);
    const rows = releases.map((each) => [
      each.current ? '*' : each.kept ? ' ' : '-',
      each.id,
      each.ref,
      each.verdict,
      `${each.seconds} s`,
      each.who,
      each.from,
      each.reason,
    ]);
    for (const line of table(['', 'RELEASE', 'REF', 'VERDICT', 'TOOK', 'BY', 'FROM', 'REASON'], rows))
      this.io.out(line);
    return { releases };
  }
}
