import { Flags } from '@oclif/core';
import { resultOf } from '@zebu/kit';
import { ProjectCommand } from '../../lib/command/project-command.js';
import type { SyncResult } from '../../lib/secrets/results.js';

export default class SecretsDiff extends ProjectCommand<SyncResult> {
  static override result = resultOf<SyncResult>(
    1,
    async () => (await import('../../lib/secrets/results.js')).syncResult,
  );
  static override summary = 'What differs between the sources and the VM, by keyed digest; nothing is changed.';
  static override examples = [
    '<%= config.bin %> secrets:diff',
    '<%= config.bin %> secrets:diff --from dotenv --json',
    '<%= config.bin %> secrets:diff --from vm --to github',
  ];
  static override flags = {
    from: Flags.string({ helpValue: 'SOURCE', description: 'One source, or `vm`. Default: all of secret_sources.' }),
    to: Flags.string({ helpValue: 'PLACE', default: 'vm', description: '`vm`, `github`, `dotenv`, or a plugin.' }),
  };

  async execute(): Promise<SyncResult> {
    const { flags } = await this.parse(SecretsDiff);
    const context = await this.context(flags);
    const { syncSecrets } = await import('../../lib/secrets/sync.js');
    const { showChanges } = await import('../../lib/secrets/show.js');
    const result = await syncSecrets(context, { ...flags, dryRun: true, apply: false, prune: undefined });
    showChanges(this.io, result);
    return result;
  }
}
