import { Args } from '@oclif/core';
import { exits, resultOf } from '@zebu/kit';
import { ON_THE_HOST, ProjectCommand } from '../../lib/command/project-command.js';
import type { ChangedSecrets } from '../../lib/secrets/results.js';
import { writeBackAnswer, writeBackFlag } from '../../lib/secrets/write-back-flag.js';

export default class SecretsRollback extends ProjectCommand<ChangedSecrets> {
  static override result = resultOf<ChangedSecrets>(
    1,
    async () => (await import('../../lib/secrets/results.js')).changedSecrets,
  );
  static override exits = exits([...ON_THE_HOST, 'restored', 'unhealthy', 'unknown']);
  static override summary = 'Bring back the values of an earlier version, live at once and verified.';
  static override description =
    'Becomes a new version. What the data was made with (`rotate` in zebu.yml) stays as it is, and so do names that version did not have.';
  static override examples = ['<%= config.bin %> secrets:rollback', '<%= config.bin %> secrets:rollback 3'];
  static override args = {
    version: Args.integer({ min: 1, description: 'Version. Default: the one before the newest.' }),
  };
  static override flags = { 'write-back': writeBackFlag };

  async execute(): Promise<ChangedSecrets> {
    const { flags, args } = await this.parse(SecretsRollback);
    const context = await this.context(flags);
    const { rollbackSecrets } = await import('../../lib/secrets/change.js');
    const { asker } = await import('../../lib/ui/ask.js');
    const { showChanged } = await import('../../lib/secrets/show.js');
    const result = await rollbackSecrets(context, args.version, {
      writeBack: writeBackAnswer(asker(this.io, SecretsRollback.flags, 'write-back'), flags['write-back']),
    });
    showChanged(this.io, result);
    return result;
  }
}
