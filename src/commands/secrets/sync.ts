import { Flags } from '@oclif/core';
import { exits, resultOf } from '@zebu/kit';
import { ON_THE_HOST, ProjectCommand } from '../../lib/command/project-command.js';
import type { SyncResult } from '../../lib/secrets/results.js';

export default class SecretsSync extends ProjectCommand<SyncResult> {
  static override result = resultOf<SyncResult>(
    1,
    async () => (await import('../../lib/secrets/results.js')).syncResult,
  );
  static override exits = exits([...ON_THE_HOST, 'restored', 'unhealthy', 'unknown']);
  static override summary = 'Bring the VM, GitHub or .env to what the sources have: add and change, never drop.';
  static override description =
    'A name that no source has keeps its value. Values are compared by keyed digest and never shown. The VM gets a new version, which the next deploy uses, or with --apply the live release at once.';
  static override examples = [
    '<%= config.bin %> secrets:sync --dry-run',
    '<%= config.bin %> secrets:sync --apply',
    '<%= config.bin %> secrets:sync --from dotenv --to github',
    '<%= config.bin %> secrets:sync --from vm --to dotenv',
  ];
  static override flags = {
    from: Flags.string({
      helpValue: 'SOURCE',
      description:
        '`dotenv`, `github`, `env`, `vm`, or the id of a plugin. Default: all of secret_sources in their order.',
    }),
    to: Flags.string({
      helpValue: 'PLACE',
      default: 'vm',
      description: '`vm`, `github`, `dotenv`, or the id of a plugin.',
    }),
    'dry-run': Flags.boolean({ default: false, description: 'Show what would change, and change nothing.' }),
    apply: Flags.boolean({
      default: false,
      description: 'Recreate the services that use what changed, verify, and undo it when they are not healthy.',
    }),
    prune: Flags.boolean({ description: 'Remove names that zebu.yml no longer declares; asks first.' }),
    yes: Flags.boolean({ char: 'y', description: 'Do not ask.', env: 'ZEBU_YES' }),
  };

  async execute(): Promise<SyncResult> {
    const { flags } = await this.parse(SecretsSync);
    const context = await this.context(flags);
    const { syncSecrets } = await import('../../lib/secrets/sync.js');
    const { asker } = await import('../../lib/ui/ask.js');
    const { confirmByName } = await import('../../lib/ui/confirm.js');
    const { showChanges } = await import('../../lib/secrets/show.js');
    const app = context.config.app.name;
    const result = await syncSecrets(context, {
      from: flags.from,
      to: flags.to,
      dryRun: flags['dry-run'],
      apply: flags.apply,
      prune: flags.prune
        ? async (names) =>
            flags.yes ||
            confirmByName(asker(this.io, SecretsSync.flags, 'yes'), `This removes ${names.join(', ')}`, app)
        : undefined,
    });
    showChanges(this.io, result);
    return result;
  }
}
