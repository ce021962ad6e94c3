import { Flags } from '@oclif/core';
import { exits, resultOf } from '@zebu/kit';
import { inServiceArgs } from '../../lib/command/in-service.js';
import { folderArg, userArg } from '../../lib/command/worded.js';
import { ON_THE_HOST, ProjectCommand } from '../../lib/command/project-command.js';
import type { ServiceRun } from '../../lib/app/results.js';

export default class AppExec extends ProjectCommand<ServiceRun> {
  static override result = resultOf<ServiceRun>(1, async () => (await import('../../lib/app/results.js')).serviceRun);
  static override exits = exits(ON_THE_HOST, 'Otherwise that of the command.');
  static override summary = 'Run a command in a running container of a service; a shell without one.';
  static override description =
    'On a terminal the command gets one too; otherwise standard input is passed through as it is. The exit status is that of the command.';
  static override examples = [
    '<%= config.bin %> app:exec web',
    '<%= config.bin %> app:exec db -- psql -U shop',
    '<%= config.bin %> app:exec db -- pg_dump shop > shop.sql',
    '<%= config.bin %> app:exec db -- psql -U shop < fix.sql',
    '<%= config.bin %> app:exec api --json -- env',
  ];
  static override usage = 'app:exec SERVICE [--index N] [-- COMMAND...]';
  static override strict = false;
  static override flags = {
    index: Flags.integer({
      min: 1,
      helpValue: 'N',
      description: 'Number of the container, where the service has several. Default: the newest that runs.',
    }),
    user: Flags.string({ char: 'u', parse: userArg, description: 'User inside the container.' }),
    workdir: Flags.string({ char: 'w', parse: folderArg, description: 'Working directory inside the container.' }),
    'no-tty': Flags.boolean({ char: 'T', description: 'No terminal inside, even when there is one here.' }),
  };

  async execute(): Promise<ServiceRun> {
    const { flags, argv } = await this.parse(AppExec);
    const { service, command } = await inServiceArgs('app:exec', argv as string[]);
    const context = await this.context(flags);
    const { execInService } = await import('../../lib/app/run-in-service.js');
    const { index, user, workdir, 'no-tty': noTty } = flags;
    const result = await execInService(context, { service, command, index, user, workdir, noTty });
    process.exitCode = result.exit;
    return result;
  }
}
