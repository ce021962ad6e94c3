import { Flags } from '@oclif/core';
import { exits, resultOf } from '@zebu/kit';
import { ProjectCommand } from '../../lib/command/project-command.js';
import type { Upgraded } from '../../lib/images/results.js';

export default class AppUpgrade extends ProjectCommand<Upgraded> {
  static override result = resultOf<Upgraded>(1, async () => (await import('../../lib/images/results.js')).upgraded);
  static override exits = exits(['usage', 'configuration', 'precondition', 'interrupted']);
  static override summary = 'Change the tag of an image in the Compose file, and commit that file.';
  static override description =
    'Nothing else of the file changes: comments and layout stay. Shows the change and asks before it is written and committed. The registry is asked whether there is such a tag; for an image that is pinned by a digest the digest is changed with it. Nothing is deployed.';
  static override examples = [
    '<%= config.bin %> app:upgrade web=1.2',
    '<%= config.bin %> app:upgrade web=ghcr.io/team/web:1.2 db=17 --yes',
    '<%= config.bin %> app:upgrade web=1.2 --dry-run',
  ];
  static override usage = 'app:upgrade SERVICE=TAG...';
  static override strict = false;
  static override flags = {
    'dry-run': Flags.boolean({ default: false, description: 'Show the change and write nothing.' }),
    commit: Flags.boolean({
      allowNo: true,
      default: true,
      description: 'Commit the file. Without, it is only written.',
      env: 'ZEBU_UPGRADE_COMMIT',
    }),
    yes: Flags.boolean({ char: 'y', description: 'Do not ask.', env: 'ZEBU_YES' }),
  };

  async execute(): Promise<Upgraded> {
    const { flags, argv } = await this.parse(AppUpgrade);
    const { readWishes } = await import('../../lib/images/edit.js');
    const wishes = readWishes(argv as string[]);
    const context = await this.context(flags);
    const { asker } = await import('../../lib/ui/ask.js');
    const { confirm } = await import('../../lib/ui/confirm.js');
    const { upgrade } = await import('../../lib/images/upgrade.js');
    const result = await upgrade(context, {
      wishes,
      dryRun: flags['dry-run'],
      commit: flags.commit,
      agree: async () =>
        flags.yes ||
        confirm(asker(this.io, AppUpgrade.flags, 'yes'), flags.commit ? 'Write and commit it' : 'Write it'),
    });
    if (result.commit !== null)
      this.io.out(`committed as ${result.commit.slice(0, 7)}. Next: git tag <tag>, then zebu app:deploy --tag <tag>`);
    else if (result.written) this.io.out('written, not committed');
    return result;
  }
}
