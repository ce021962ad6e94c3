import { Flags } from '@oclif/core';
import { exits, resultOf } from '@zebu/kit';
import { ON_THE_HOST, ProjectCommand } from '../../lib/command/project-command.js';
import { serviceArgs } from '../../lib/command/worded.js';
import type { Outdated } from '../../lib/images/results.js';

/** Exit status of `--exit-code` when something is newer, as of vm:diff when something differs. */
const NEWER = 6;

export default class AppOutdated extends ProjectCommand<Outdated> {
  static override result = resultOf<Outdated>(1, async () => (await import('../../lib/images/results.js')).outdated);
  static override exits = exits(ON_THE_HOST, 'With --exit-code also 6 when there is something newer.');
  static override summary = 'Show the newer versions that registries list of the images the Compose files pull.';
  static override description =
    'Of the Compose files in the working tree; images that are built are left out. Only tags of the same kind are compared: as many numbers, the same words before and behind (-alpine), no previews. A tag whose image was replaced is said, too. Registries are asked from this machine, with the logins of registries in zebu.yml; one that does not answer is a line that says so, and no failure. Where the VM cannot be asked what runs, the rest is shown.';
  static override examples = [
    '<%= config.bin %> app:outdated',
    '<%= config.bin %> app:outdated web db --no-live',
    '<%= config.bin %> app:outdated --json --exit-code',
  ];
  static override usage = 'app:outdated [SERVICE...]';
  static override strict = false;
  static override flags = {
    live: Flags.boolean({ allowNo: true, default: true, description: 'Ask the VM what runs, and since when.' }),
    'exit-code': Flags.boolean({ description: `End with status ${NEWER} when there is something newer.` }),
  };

  async execute(): Promise<Outdated> {
    const { flags, argv } = await this.parse(AppOutdated);
    const services = await serviceArgs(argv as string[]);
    const context = await this.context(flags);
    const { findOutdated } = await import('../../lib/images/outdated.js');
    const { outdatedLines } = await import('../../lib/images/outdated-text.js');
    const found = await findOutdated(context, { services, live: flags.live });
    for (const line of outdatedLines(found, this.io.width)) this.io.out(line);
    if (flags['exit-code'] && found.outdated > 0) process.exitCode = NEWER;
    return found;
  }
}
