import { Flags } from '@oclif/core';
import { exits, resultOf, ZebuError } from '@zebu/kit';
import { ON_THE_HOST, ProjectCommand } from '../../lib/command/project-command.js';
import { secretNameArgs } from '../../lib/command/worded.js';
import type { ChangedSecrets } from '../../lib/secrets/results.js';

export default class SecretsRotate extends ProjectCommand<ChangedSecrets> {
  static override result = resultOf<ChangedSecrets>(
    1,
    async () => (await import('../../lib/secrets/results.js')).changedSecrets,
  );
  static override exits = exits([...ON_THE_HOST, 'restored', 'unhealthy', 'unknown']);
  static override summary = 'Give secrets new values: data first, then what uses them, verified, or undone (exit 7).';
  static override description =
    'New values are made up as `generate` in zebu.yml says, or read from standard input with --stdin. `rotate.command` makes the data follow, such as a database its password. Only the services that use them are recreated. `rotate: never` refuses.';
  static override examples = [
    '<%= config.bin %> secrets:rotate POSTGRES_PASSWORD',
    '<%= config.bin %> secrets:rotate API_KEY --stdin < new-key.txt',
  ];
  static override usage = 'secrets:rotate NAME... [--stdin]';
  static override strict = false;
  static override flags = {
    stdin: Flags.boolean({ description: 'Read the value of the one name from a hidden prompt or standard input.' }),
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
    const { showChanged } = await import('../../lib/secrets/show.js');
    declarationsOf(context, names);
    const [first] = names;
    const value =
      flags.stdin && first !== undefined
        ? givenValue(context, first, await readHidden(this.io, this.signal, first))
        : undefined;
    const result = await rotateSecrets(context, names, value);
    showChanged(this.io, result);
    return result;
  }
}
