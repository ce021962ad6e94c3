import { Flags } from '@oclif/core';
import { exits, resultOf } from '@zebu/kit';
import { pagerFlag } from '@zebu/kit/command';
import { ProjectCommand } from '../lib/command/project-command.js';
import type { SupportBundle } from '../lib/support/results.js';

export default class Support extends ProjectCommand<SupportBundle> {
  static override result = resultOf<SupportBundle>(
    1,
    async () => (await import('../lib/support/results.js')).supportBundle,
  );
  static override exits = exits(
    ['precondition'],
    '0 also when the host cannot be reached or the configuration is wrong: the file says so.',
  );
  static override summary = 'Write what a bug report needs into a file, without secrets, hosts, addresses and users.';
  static override description =
    'One Markdown file for its owner only: versions, plugins, the configuration with its sources, what doctor finds, the VM, the app, its last releases and the last journal. What cannot be had is said in its place; without zebu.yml it is about this machine alone. Changes nothing else. Look through it before you pass it on.';
  static override examples = [
    '<%= config.bin %> support',
    '<%= config.bin %> support --output report.md --force',
    '<%= config.bin %> support --output -',
  ];
  static override flags = {
    output: Flags.string({
      char: 'o',
      helpValue: 'FILE',
      description: 'File to write; - for stdout. Default: zebu-support-<time>.md here.',
    }),
    force: Flags.boolean({ description: 'Write over a file that is there.' }),
    ...pagerFlag,
  };

  async execute(): Promise<SupportBundle> {
    const { flags } = await this.parse(Support);
    if (flags.output === '-') this.page(flags);
    const context = await this.context(flags).catch((problem: unknown) => ({ problem }));
    const { supportBundle } = await import('../lib/support/support.js');
    const made = await supportBundle(
      {
        context,
        oclif: this.config,
        env: process.env,
        cwd: process.cwd(),
        signal: this.signal,
        now: new Date(),
        onWait: (what) => this.io.note(`${what} …`),
      },
      flags.output,
      flags.force,
    );
    if (made.text !== null) {
      this.io.out(made.text.trimEnd());
      return made;
    }
    this.io.out(`wrote ${made.path ?? ''}`);
    for (const { id, included, reason } of made.sections)
      if (reason !== null) this.io.out(`${included ? 'cut off' : 'missing'}  ${id}: ${reason}`);
    this.io.out('Look through it before you pass it on: names of the app, its services and images stay.');
    return made;
  }
}
