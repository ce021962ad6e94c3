import { Args, Flags } from '@oclif/core';
import { resultOf } from '@zebu/kit';
import { secretNameArg } from '../../lib/command/worded.js';
import { ProjectCommand } from '../../lib/command/project-command.js';
import type { ChangedSecrets } from '../../lib/secrets/results.js';
import { writeBackAnswer, writeBackFlag } from '../../lib/secrets/write-back-flag.js';

export default class SecretsSet extends ProjectCommand<ChangedSecrets> {
  static override result = resultOf<ChangedSecrets>(
    1,
    async () => (await import('../../lib/secrets/results.js')).changedSecrets,
  );
  static override summary = 'Set one secret in the VM, from a hidden prompt or standard input.';
  static override description =
    'The value is never an argument: those are in the shell’s history and in every process list. The next deploy uses it, or with --apply the live release at once.';
  static override examples = [
    '<%= config.bin %> secrets:set API_KEY',
    '<%= config.bin %> secrets:set API_KEY --apply < key.txt',
  ];
  static override args = {
    name: Args.string({ required: true, parse: secretNameArg, description: 'A name declared in zebu.yml.' }),
  };
  static override flags = {
    apply: Flags.boolean({
      default: false,
      description: 'Recreate the services that use it, verify, and undo it when they are not healthy.',
    }),
    'write-back': writeBackFlag,
  };

  async execute(): Promise<ChangedSecrets> {
    const { args, flags } = await this.parse(SecretsSet);
    const context = await this.context(flags);
    const { givenValue, setSecret } = await import('../../lib/secrets/change.js');
    const { declarationsOf } = await import('../../lib/secrets/declared.js');
    const { readHidden } = await import('../../lib/ui/hidden.js');
    const { asker } = await import('../../lib/ui/ask.js');
    const { showChanged } = await import('../../lib/secrets/show.js');
    // Before anything is typed.
    declarationsOf(context, [args.name]);
    const value = givenValue(context, args.name, await readHidden(this.io, this.signal, args.name));
    const result = await setSecret(context, args.name, value, {
      apply: flags.apply,
      writeBack: writeBackAnswer(asker(this.io, SecretsSet.flags, 'write-back'), flags['write-back']),
    });
    showChanged(this.io, result);
    return result;
  }
}
