import { Flags } from '@oclif/core';
import { resultOf } from '@zebu/kit';
import { pagerFlag } from '@zebu/kit/command';
import { ProjectCommand } from '../../lib/command/project-command.js';
import type { ConsoleOutput } from '../../lib/vm/results.js';

export default class VmConsole extends ProjectCommand<ConsoleOutput> {
  static override summary = 'Show what the machine says: the last lines of its log, and its serial port live.';
  static override description =
    'The last lines come from the journal of this boot, through the guest agent; Proxmox keeps no record of a serial port. --follow shows the port from now on, kernel messages included, whatever state agent, network and SSH are in; it needs a transport with a shell on the host. To log in on the console: qm terminal on the host.';
  static override result = resultOf<ConsoleOutput>(
    1,
    async () => (await import('../../lib/vm/results.js')).consoleOutput,
  );
  static override examples = [
    '<%= config.bin %> vm:console --tail 100',
    '<%= config.bin %> vm:console --follow',
    '<%= config.bin %> vm:console --follow --for 60 --tail 0',
  ];
  static override flags = {
    tail: Flags.integer({ char: 'n', default: 50, min: 0, max: 10_000, description: 'Lines of the past.' }),
    follow: Flags.boolean({ char: 'f', description: 'Go on with the serial port, until Ctrl-C.' }),
    for: Flags.integer({ min: 1, max: 86_400, dependsOn: ['follow'], description: 'Seconds to follow.' }),
    ...pagerFlag,
  };

  async execute(): Promise<ConsoleOutput> {
    const { flags } = await this.parse(VmConsole);
    if (!flags.follow) this.page(flags);
    const context = await this.context(flags);
    const { showConsole } = await import('../../lib/vm/console.js');
    return showConsole(context, {
      tail: flags.tail,
      follow: flags.follow,
      forMs: flags.for === undefined ? undefined : flags.for * 1000,
      onLine: (line) => this.io.out(line),
    });
  }
}
