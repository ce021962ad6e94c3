import { resultOf } from '@zebu/kit';
import { ProjectCommand } from '../../lib/command/project-command.js';
import { secretNameArgs } from '../../lib/command/worded.js';
import type { ChangedSecrets } from '../../lib/secrets/results.js';

export default class SecretsGenerate extends ProjectCommand<ChangedSecrets> {
  static override result = resultOf<ChangedSecrets>(
    1,
    async () => (await import('../../lib/secrets/results.js')).changedSecrets,
  );
  static override summary = 'Make random values for secrets that have none.';
  static override description =
    'Without names: for all that zebu.yml declares `generate`. A secret that has a value keeps it; that is what secrets:rotate is for.';
  static override examples = ['<%= config.bin %> secrets:generate', '<%= config.bin %> secrets:generate SESSION_KEY'];
  static override usage = 'secrets:generate [NAME...]';
  static override strict = false;

  async execute(): Promise<ChangedSecrets> {
    const { flags, argv } = await this.parse(SecretsGenerate);
    const names = await secretNameArgs(argv as string[]);
    const context = await this.context(flags);
    const { generateSecrets } = await import('../../lib/secrets/change.js');
    const { showChanged } = await import('../../lib/secrets/show.js');
    const result = await generateSecrets(context, names);
    showChanged(this.io, result);
    return result;
  }
}
