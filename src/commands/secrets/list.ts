import { Flags } from '@oclif/core';
import { resultOf } from '@zebu/kit';
import { pagerFlag } from '@zebu/kit/command';
import { ProjectCommand } from '../../lib/command/project-command.js';
import type { PlaceList, SecretsList } from '../../lib/secrets/results.js';

export default class SecretsListCommand extends ProjectCommand<PlaceList | SecretsList> {
  static override result = resultOf<PlaceList | SecretsList>(
    1,
    async () => (await import('../../lib/secrets/results.js')).secretsListing,
  );
  static override summary = 'Every secret: where it is set, since when, who uses it, in which release. No value.';
  static override examples = [
    '<%= config.bin %> secrets:list',
    '<%= config.bin %> secrets:list --json',
    '<%= config.bin %> secrets:list --in github',
  ];
  static override flags = {
    ...pagerFlag,
    in: Flags.string({ helpValue: 'PLACE', description: 'List what `github`, `dotenv` or a plugin holds instead.' }),
  };

  async execute(): Promise<PlaceList | SecretsList> {
    const { flags } = await this.parse(SecretsListCommand);
    this.page(flags);
    const context = await this.context(flags);
    const { listPlace, listSecrets } = await import('../../lib/secrets/list.js');
    const { showList, showPlace } = await import('../../lib/secrets/show.js');
    if (flags.in !== undefined) {
      const place = await listPlace(context, flags.in);
      showPlace(this.io, place);
      return place;
    }
    const result = await listSecrets(context);
    showList(this.io, result);
    return result;
  }
}
