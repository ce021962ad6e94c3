import { readFile } from 'node:fs/promises';
import { Args, Flags } from '@oclif/core';
import { resultOf, ZebuError } from '@zebu/kit';
import { ProjectCommand } from '../../lib/command/project-command.js';
import type { Maintenance } from '../../lib/app/results.js';

export default class AppMaintenance extends ProjectCommand<Maintenance> {
  static override result = resultOf<Maintenance>(1, async () => (await import('../../lib/app/results.js')).maintenance);
  static override summary = 'Show a maintenance page instead of the app, or the app again.';
  static override description =
    'Needs the front proxy (app.proxy). Every request is answered with the page and status 503 until it is off; the app goes on running, and deploys work as usual.';
  static override examples = [
    '<%= config.bin %> app:maintenance on',
    '<%= config.bin %> app:maintenance on --message "Back at 14:00 UTC"',
    '<%= config.bin %> app:maintenance on --page maintenance.html',
    '<%= config.bin %> app:maintenance off',
  ];
  static override args = {
    state: Args.string({ description: 'on or off.', required: true, options: ['on', 'off'] }),
  };
  static override flags = {
    message: Flags.string({ char: 'm', description: 'Sentence for the page.', default: 'We will be back shortly.' }),
    page: Flags.string({ helpValue: 'FILE', description: 'A whole HTML page instead.' }),
  };

  async execute(): Promise<Maintenance> {
    const { args, flags } = await this.parse(AppMaintenance);
    const context = await this.context(flags);
    const { maintenancePage, setMaintenance } = await import('../../lib/app/maintenance.js');
    const on = args.state === 'on';
    const page = flags.page === undefined ? maintenancePage(flags.message) : await readPage(flags.page);
    const result = await setMaintenance(context, on, page);
    this.io.out(`${result.app}: maintenance is ${args.state}${result.changed ? '' : ', as before'}`);
    return result;
  }
}

async function readPage(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new ZebuError('USAGE', `--page: ${file} cannot be read (${(error as NodeJS.ErrnoException).code ?? ''})`, {
      cause: error,
    });
  }
}
