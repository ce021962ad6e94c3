import { resultOf } from '@zebu/kit';
import { pagerFlag } from '@zebu/kit/command';
import { ProjectCommand } from '../../lib/command/project-command.js';
import type { ReleaseList } from '../../lib/app/results.js';

export default class AppReleases extends ProjectCommand<ReleaseList> {
  static override result = resultOf<ReleaseList>(1, async () => (await import('../../lib/app/results.js')).releaseList);
  static override summary = 'List what was done to the live release: when, what, by whom, and how it ended.';
  static override description =
    'Newest first. * is live; what has a + can be gone back to without a build (app:rollback).';
  static override examples = ['<%= config.bin %> app:releases', '<%= config.bin %> app:releases --json'];
  static override flags = { ...pagerFlag };

  async execute(): Promise<ReleaseList> {
    const { flags } = await this.parse(AppReleases);
    this.page(flags);
    const context = await this.context(flags);
    const { listReleases } = await import('../../lib/app/releases.js');
    const { releaseLines } = await import('../../lib/app/releases-text.js');
    const releases = await listReleases(context);
    for (const line of releaseLines(releases, this.io.width)) this.io.out(line);
    return { releases };
  }
}
