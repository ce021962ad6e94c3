import { Args } from '@oclif/core';
import { exits, resultOf } from '@zebu/kit';
import { ZebuCommand } from '@zebu/kit/command';
import { SCRIPTS, SHELLS, type Shell } from '../lib/complete/scripts.js';
import type { CompletionScript } from '../lib/complete/results.js';

export default class Completion extends ZebuCommand<CompletionScript> {
  static override result = resultOf<CompletionScript>(
    1,
    async () => (await import('../lib/complete/results.js')).completionScript,
  );
  static override exits = exits([]);
  static override summary =
    'Print the completion script of a shell: commands, flags, tags, branches, releases, services.';
  static override examples = [
    'eval "$(<%= config.bin %> completion bash)"',
    '<%= config.bin %> completion fish > ~/.config/fish/completions/zebu.fish',
    '<%= config.bin %> completion powershell | Out-String | Invoke-Expression',
  ];
  static override args = {
    shell: Args.string({ required: true, options: [...SHELLS], description: 'The shell.' }),
  };

  async execute(): Promise<CompletionScript> {
    const { args } = await this.parse(Completion);
    const shell = args.shell as Shell;
    this.io.out(SCRIPTS[shell].trimEnd());
    return { shell, script: SCRIPTS[shell] };
  }
}
