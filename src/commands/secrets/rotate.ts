import { Flags } from '@oclif/core';
import { exits, resultOf, ZebuError, type Sensitive } from '@zebu/kit';
import { ON_THE_HOST, ProjectCommand } from '../../lib/command/project-command.js';
import { secretNameArgs } from '../../lib/command/worded.js';
import type { ChangedSecrets } from '../../lib/secrets/results.js';
import { writeBackAnswer, writeBackFlag } from '../../lib/secrets/write-back-flag.js';

export default class SecretsRotate extends ProjectCommand<ChangedSecrets> {
  static override result = resultOf<ChangedSecrets>(
    1,
    async () => (await import('../../lib/secrets/results.js')).changedSecrets,
  );
  static override exits = exits([...ON_THE_HOST, 'restored', 'unhealthy', 'unknown']);
  static override summary = 'Give secrets new values: data first, then what uses them, verified, or undone (exit 7).';
  static override description =
    'New values are made up where zebu.yml says `generate`, and else asked for: of somebody else’s key a made-up value is none. `rotate.command` makes the data follow, such as a database its password. Only the services that use them are recreated. The password of copies off the VM (`data.offsite.password`) becomes a further key of the repository first, and the old one is removed from it last. No deploy and no rollback brings the old value back. `rotate: never` refuses.';
  static override examples = [
    '<%= config.bin %> secrets:rotate POSTGRES_PASSWORD',
    '<%= config.bin %> secrets:rotate API_KEY --stdin < new-key.txt',
    '<%= config.bin %> secrets:rotate SESSION_KEY --generate --write-back',
  ];
  static override usage = 'secrets:rotate NAME... [--stdin | --generate] [--write-back]';
  static override strict = false;
  static override flags = {
    stdin: Flags.boolean({
      description: 'Read the value of the one name from a hidden prompt or standard input.',
      exclusive: ['generate'],
    }),
    generate: Flags.boolean({ description: 'Make values up for names without `generate` in zebu.yml, too.' }),
    'write-back': writeBackFlag,
  };

  async execute(): Promise<ChangedSecrets> {
    const { flags, argv } = await this.parse(SecretsRotate);
    const names = [...new Set(await secretNameArgs(argv as string[]))];
    if (names.length === 0)
      throw new ZebuError('USAGE', 'Which secrets? Name them', { hint: 'See zebu secrets:list.' });
    if (flags.stdin && names.length > 1) throw new ZebuError('USAGE', '--stdin is for one name');
    const context = await this.context(flags);
    const { givenValue, rotateSecrets } = await import('../../lib/secrets/change.js');
    const { declarationsOf } = await import('../../lib/secrets/declared.js');
    const { readHidden } = await import('../../lib/ui/hidden.js');
    const { asker } = await import('../../lib/ui/ask.js');
    const { showChanged } = await import('../../lib/secrets/show.js');
    const { admitOffsite } = await import('../../lib/data/offsite-password.js');
    declarationsOf(context, names);
    const ask = async (name: string): Promise<Sensitive> =>
      givenValue(context, name, await readHidden(this.io, this.signal, name));
    const result = await rotateSecrets(context, names, {
      value: async (name, generate) => {
        if (flags.stdin) return ask(name);
        if (generate || flags.generate) return undefined;
        if (this.io.interactive) return ask(name);
        throw new ZebuError('USAGE', `zebu.yml does not say that a value of ${name} can be made up`, {
          hint: `Pipe the new one: zebu secrets:rotate ${name} --stdin < file. Or have one made with --generate.`,
        });
      },
      admit: (values) => admitOffsite(context, values),
      writeBack: writeBackAnswer(asker(this.io, SecretsRotate.flags, 'write-back'), flags['write-back']),
    });
    showChanged(this.io, result);
    return result;
  }
}
