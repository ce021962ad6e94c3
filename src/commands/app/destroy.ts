import { Flags } from '@oclif/core';
import { resultOf } from '@zebu/kit';
import { ProjectCommand } from '../../lib/command/project-command.js';
import type { Destroyed } from '../../lib/app/results.js';

export default class AppDestroy extends ProjectCommand<Destroyed> {
  static override result = resultOf<Destroyed>(1, async () => (await import('../../lib/app/results.js')).destroyed);
  static override summary = 'Remove the app from the VM; its data only with --volumes.';
  static override description =
    'Containers, networks, images, releases and history go. Volumes, dumps of the data, secrets and shared folders stay unless --volumes is given: a later deploy finds them again. The VM stays, and so do backups of it, and dumps that were copied off it.';
  static override examples = [
    '<%= config.bin %> app:destroy',
    '<%= config.bin %> app:destroy --yes',
    '<%= config.bin %> app:destroy --volumes',
  ];
  static override flags = {
    volumes: Flags.boolean({
      description: 'Remove volumes, dumps in the VM, secrets and shared folders too. They cannot come back.',
    }),
    yes: Flags.boolean({ char: 'y', description: 'Do not ask.', env: 'ZEBU_YES' }),
  };

  async execute(): Promise<Destroyed> {
    const { flags } = await this.parse(AppDestroy);
    const context = await this.context(flags);
    const { destroyApp } = await import('../../lib/app/destroy.js');
    const { asker } = await import('../../lib/ui/ask.js');
    const { confirmByName } = await import('../../lib/ui/confirm.js');
    const { name } = context.config.app;
    const what = `This removes ${name} from its VM${flags.volumes ? ', with its volumes, its dumps in the VM and its secrets' : '; its volumes, dumps and secrets stay'}`;
    const result = await destroyApp(
      context,
      flags.volumes,
      async () => flags.yes || confirmByName(asker(this.io, AppDestroy.flags, 'yes'), what, name),
    );
    const kept = result.dataRemoved
      ? 'with its data'
      : `kept: ${['secrets', ...result.volumes.map((volume) => `volume ${volume}`)].join(', ')}`;
    this.io.out(`${name} is gone; ${kept}`);
    return result;
  }
}
