import { resultOf } from '@zebu/kit';
import { pagerFlag } from '@zebu/kit/command';
import { ProjectCommand } from '../../lib/command/project-command.js';
import type { SecretHistory } from '../../lib/secrets/results.js';

export default class SecretsHistory extends ProjectCommand<SecretHistory> {
  static override result = resultOf<SecretHistory>(
    1,
    async () => (await import('../../lib/secrets/results.js')).secretHistory,
  );
  static override summary = 'Versions of the secrets in the VM: when, who, which names; newest first.';
  static override examples = ['<%= config.bin %> secrets:history', '<%= config.bin %> secrets:history --json'];
  static override flags = { ...pagerFlag };

  async execute(): Promise<SecretHistory> {
    const { flags } = await this.parse(SecretsHistory);
    this.page(flags);
    const context = await this.context(flags);
    const { secretHistory } = await import('../../lib/secrets/history.js');
    const { showHistory } = await import('../../lib/secrets/show.js');
    const versions = await secretHistory(context);
    showHistory(this.io, versions);
    return { versions };
  }
}
