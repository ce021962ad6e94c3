import { Flags } from '@oclif/core';
import { exits, resultOf } from '@zebu/kit';
import { ON_THE_HOST, ProjectCommand } from '../lib/command/project-command.js';
import type { WantedRef } from '../lib/repository/git.js';
import type { UpResult } from '../lib/up/results.js';

export default class Up extends ProjectCommand<UpResult> {
  static override result = resultOf<UpResult>(1, async () => (await import('../lib/up/results.js')).upResult);
  static override exits = exits([...ON_THE_HOST, 'restored', 'unhealthy', 'unknown']);
  static override summary =
    'From zebu.yml to an app that answers: check, make the VM, deploy. What is so already is left alone.';
  static override description =
    'Checks as doctor does, makes or finishes the VM as vm:create does, and deploys as app:deploy does: the newest tag, or what is checked out where there is no tag. Shows all of it first and asks once. Run again it goes on where it was interrupted, and changes nothing when there is nothing to do.';
  static override examples = [
    '<%= config.bin %> up',
    '<%= config.bin %> up --tag v1.2 --yes --json',
    '<%= config.bin %> up --dry-run',
  ];
  static override flags = {
    tag: Flags.string({ description: 'Tag to deploy. Default: the newest.', exclusive: ['branch', 'commit'] }),
    branch: Flags.string({ description: 'Branch to deploy.', exclusive: ['tag', 'commit'] }),
    commit: Flags.string({ description: 'Commit to deploy.', exclusive: ['tag', 'branch'] }),
    'dry-run': Flags.boolean({ default: false, description: 'Show what would be done and change nothing.' }),
    yes: Flags.boolean({ char: 'y', description: 'Do not ask.', env: 'ZEBU_YES' }),
  };

  async execute(): Promise<UpResult> {
    const { flags } = await this.parse(Up);
    const context = await this.context(flags);
    const { asker } = await import('../lib/ui/ask.js');
    const { confirm } = await import('../lib/ui/confirm.js');
    const { up } = await import('../lib/up/up.js');
    const result = await up(context, {
      ref: wantedRef(flags),
      dryRun: flags['dry-run'],
      agree: async () => flags.yes || confirm(asker(this.io, Up.flags, 'yes'), 'Go on'),
    });
    if (!result.dryRun)
      this.io.out(
        `${result.ref} is live as release ${result.release ?? ''} on ${result.vm.ip ?? ''}${result.changed ? '' : ': no change'}${result.url === null ? '' : `\n${result.url}`}`,
      );
    return result;
  }
}

function wantedRef(flags: Readonly<Record<'branch' | 'commit' | 'tag', string | undefined>>): WantedRef | undefined {
  for (const kind of ['tag', 'branch', 'commit'] as const) {
    const name = flags[kind];
    if (name !== undefined) return { kind, name };
  }
  return undefined;
}
