import { Flags } from '@oclif/core';
import { exits, resultOf } from '@zebu/kit';
import { inServiceArgs } from '../../lib/command/in-service.js';
import { folderArg, userArg } from '../../lib/command/worded.js';
import { ON_THE_HOST, ProjectCommand } from '../../lib/command/project-command.js';
import type { ServiceRun } from '../../lib/app/results.js';

export default class AppRun extends ProjectCommand<ServiceRun> {
  static override result = resultOf<ServiceRun>(1, async () => (await import('../../lib/app/results.js')).serviceRun);
  static override exits = exits(ON_THE_HOST, 'Otherwise that of the command.');
  static override summary = 'Run a command in a container of its own, which is removed afterwards.';
  static override description =
    'Image, environment, secrets, volumes and networks are those of the live release; no port is published, and what the service depends on is not started. On a terminal the command gets one too. The exit status is that of the command.';
  static override examples = [
    '<%= config.bin %> app:run api -- ./manage.py createsuperuser',
    '<%= config.bin %> app:run api',
    'cat import.csv | <%= config.bin %> app:run api -- ./import.sh -',
  ];
  static override usage = 'app:run SERVICE [-- COMMAND...]';
  static override strict = false;
  static override flags = {
    user: Flags.string({ char: 'u', parse: userArg, description: 'User inside the container.' }),
    workdir: Flags.string({ char: 'w', parse: folderArg, description: 'Working directory inside the container.' }),
    'no-tty': Flags.boolean({ char: 'T', description: 'No terminal inside, even when there is one here.' }),
  };

  async execute(): Promise<ServiceRun> {
    const { flags, argv } = await this.parse(AppRun);
    const { service, command } = await inServiceArgs('app:run', argv as string[]);
    const context = await this.context(flags);
    const { runOneOff } = await import('../../lib/app/run-in-service.js');
    const { user, workdir, 'no-tty': noTty } = flags;
    const result = await runOneOff(context, { service, command, user, workdir, noTty });
    process.exitCode = result.exit;
    return result;
  }
}
