import { Args, Flags } from '@oclif/core';
import { resultOf, ZebuError } from '@zebu/kit';
import { secretNameArg } from '../../lib/command/worded.js';
import { ProjectCommand } from '../../lib/command/project-command.js';
import type { RevealedSecret } from '../../lib/secrets/results.js';

export default class SecretsGet extends ProjectCommand<RevealedSecret> {
  static override result = resultOf<RevealedSecret>(
    1,
    async () => (await import('../../lib/secrets/results.js')).revealedSecret,
  );
  static override summary = 'Show one value out of the VM; only on a terminal, or with --reveal.';
  static override examples = [
    '<%= config.bin %> secrets:get POSTGRES_PASSWORD',
    '<%= config.bin %> secrets:get POSTGRES_PASSWORD --reveal | psql-login',
  ];
  static override args = {
    name: Args.string({ required: true, parse: secretNameArg, description: 'Name of the secret.' }),
  };
  static override flags = {
    reveal: Flags.boolean({ description: 'Write it even where it may be kept: a pipe, a file, a log, --json.' }),
  };

  async execute(): Promise<RevealedSecret> {
    const { args, flags } = await this.parse(SecretsGet);
    if (!flags.reveal && (this.io.json || !process.stdout.isTTY)) {
      throw new ZebuError('USAGE', 'The value would go where it is kept, and not to a terminal', {
        hint: 'Give --reveal if that is meant.',
      });
    }
    const context = await this.context(flags);
    const { getSecret } = await import('../../lib/secrets/change.js');
    const value = (await getSecret(context, args.name)).reveal();
    this.io.exact(value);
    return { name: args.name, value };
  }
}
