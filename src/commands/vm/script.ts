import { Flags } from '@oclif/core';
import { resultOf } from '@zebu/kit';
import { ProjectCommand } from '../../lib/command/project-command.js';
import type { ScriptReview } from '../../lib/vm/results.js';

export default class VmScript extends ProjectCommand<ScriptReview> {
  static override result = resultOf<ScriptReview>(1, async () => (await import('../../lib/vm/results.js')).vmScript);
  static override summary = 'Show the pinned version of the community script, and whether upstream moved.';
  static override description =
    'vm:create with the provisioner community-script runs exactly the pinned files as root on the host. It reads what upstream has now and says whether it asks what zebu has answers for. --update records that version in zebu.script.json beside zebu.yml, after showing what changed, and refuses one that asks anything else; commit that file.';
  static override examples = [
    '<%= config.bin %> vm:script',
    '<%= config.bin %> vm:script --update',
    '<%= config.bin %> vm:script --json',
  ];
  static override flags = {
    update: Flags.boolean({ description: 'Show what changed, and record it as the version to run.' }),
    yes: Flags.boolean({ char: 'y', description: 'With --update: record it without asking.', env: 'ZEBU_YES' }),
  };

  async execute(): Promise<ScriptReview> {
    const { flags } = await this.parse(VmScript);
    const context = await this.context(flags);
    const { reviewScript, updateScript } = await import('../../lib/vm/provision/community-script/review.js');
    const { showReview } = await import('../../lib/vm/provision/community-script/show.js');
    const show = (review: ScriptReview): void => showReview(review, this.io, { diff: flags.update });
    if (flags.update) {
      const { asker } = await import('../../lib/ui/ask.js');
      const { confirmByName } = await import('../../lib/ui/confirm.js');
      const review = await updateScript(context, {
        confirm: async (what, name) => flags.yes || confirmByName(asker(this.io, VmScript.flags, 'yes'), what, name),
        show,
      });
      if (review.recorded) this.io.out('Recorded in zebu.script.json: commit it.');
      return review;
    }
    const review = await reviewScript(context);
    show(review);
    return review;
  }
}
