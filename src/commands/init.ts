import { Flags } from '@oclif/core';
import { exits, resultOf } from '@zebu/kit';
import { ZebuCommand } from '@zebu/kit/command';
import type { Initialized } from '../lib/init/results.js';

export default class Init extends ZebuCommand<Initialized> {
  static override result = resultOf<Initialized>(1, async () => (await import('../lib/init/results.js')).initialized);
  static override exits = exits(['configuration']);
  static override summary = 'Write zebu.yml for the project in this folder.';
  static override description =
    'Looks at Compose files, .env and its example, git, and Proxmox hosts of ~/.ssh/config, and asks only what it cannot see. Secrets that the Compose files ask for are declared: those that .env has, those that can be made up, and those that are left to you. With --from-host it is the stack that runs there already: the app gets its name, and the first app:deploy takes it over with its volumes. Changes nothing that is there unless --force is given.';
  static override examples = [
    '<%= config.bin %> init',
    '<%= config.bin %> init --yes --host pve --json',
    '<%= config.bin %> init --from-host deploy@192.0.2.20 --stack shop',
    '<%= config.bin %> init --no-taskfile',
  ];
  static override flags = {
    app: Flags.string({ description: 'Name of the app. Default: the name of the folder.', env: 'ZEBU_APP_NAME' }),
    compose: Flags.string({
      multiple: true,
      multipleNonGreedy: true,
      helpValue: 'FILE',
      description: 'Compose file; several, base first. Default: those that are here.',
    }),
    'from-host': Flags.string({
      helpValue: '[USER@]HOST[:PORT]',
      env: 'ZEBU_FROM_HOST',
      description: 'Machine where the app runs already, over SSH. Names, paths and ports are read, and no values.',
    }),
    stack: Flags.string({
      description: 'Compose project to import. Default: the only one.',
      env: 'ZEBU_STACK',
      dependsOn: ['from-host'],
    }),
    'identity-file': Flags.string({
      helpValue: 'FILE',
      description: 'Private key for it. Default: the agent and what ~/.ssh/config says.',
      dependsOn: ['from-host'],
    }),
    host: Flags.string({ description: 'Proxmox host.', env: 'ZEBU_PROXMOX_HOST' }),
    transport: Flags.string({
      description:
        'Transport, as zebu providers lists it. Default: one whose login the environment holds, such as a token, else the default of proxmox.transport.',
      env: 'ZEBU_PROXMOX_TRANSPORT',
    }),
    url: Flags.string({ description: 'Where people reach the app.', env: 'ZEBU_APP_URL' }),
    taskfile: Flags.boolean({
      allowNo: true,
      description:
        'Write a Taskfile, too, for `task proxmox:deploy VERSION=v1.2`. Default: where there is one, or task is installed.',
    }),
    force: Flags.boolean({ description: 'Write over files that are there.' }),
    yes: Flags.boolean({ char: 'y', description: 'Do not ask.', env: 'ZEBU_YES' }),
  };

  async execute(): Promise<Initialized> {
    const { flags } = await this.parse(Init);
    const { initProject } = await import('../lib/init/index.js');
    const { chooseTransport } = await import('../lib/init/transport.js');
    const { installedTransports } = await import('../lib/providers/installed.js');
    const { importStack } = await import('../lib/init/running/index.js');
    const { asker } = await import('../lib/ui/ask.js');
    const interactive = this.io.interactive && !flags.yes;
    const questions = asker({ interactive }, Init.flags, 'app', 'host', 'stack');
    const { 'from-host': destination, 'identity-file': identityFile, stack } = flags;
    const env = (name: string): string | undefined => process.env[name] || undefined;
    const made = await initProject({
      folder: process.cwd(),
      env,
      given: { app: flags.app, compose: flags.compose, host: flags.host, url: flags.url },
      transport: await chooseTransport(this.config, { named: flags.transport, env, io: this.io }),
      installed: () => installedTransports(this.config),
      taskfile: flags.taskfile,
      force: flags.force,
      warn: (line) => this.io.warn(line),
      running:
        destination === undefined
          ? undefined
          : () => importStack({ destination, identityFile, stack, questions, signal: this.signal }),
      questions,
    });
    for (const { path, existed } of made.files) this.io.out(`${existed ? 'changed' : 'wrote'} ${path}`);
    for (const line of made.next) this.io.out(`next: ${line}`);
    return made;
  }
}
