import { exits, resultOf } from '@zebu/kit';
import { ON_THE_HOST, ProjectCommand } from '../../lib/command/project-command.js';
import type { SshRun } from '../../lib/guest/results.js';

export default class VmSsh extends ProjectCommand<SshRun> {
  static override result = resultOf<SshRun>(1, async () => (await import('../../lib/guest/results.js')).sshRun);
  static override exits = exits(ON_THE_HOST, 'Otherwise that of ssh, which is that of the command.');
  static override hiddenAliases = ['ssh'];
  static override summary = 'Open a shell in the VM, or run a command there.';
  static override description =
    "Runs this machine's ssh with exactly the trust zebu has: the host key that was read through the hypervisor. The exit status is that of the command.";
  static override examples = ['<%= config.bin %> vm:ssh', '<%= config.bin %> vm:ssh -- df -h /'];
  static override usage = 'vm:ssh [-- COMMAND...]';
  static override strict = false;

  async execute(): Promise<SshRun> {
    const { flags, argv } = await this.parse(VmSsh);
    const context = await this.context(flags);
    const { runOpenssh } = await import('../../lib/guest/openssh.js');
    const resume = this.io.stopCommands();
    const run = await runOpenssh(context, argv as string[]).finally(resume);
    if (run.exit !== 0) this.exit(run.exit);
    return run;
  }
}
