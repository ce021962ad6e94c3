import { buffer } from 'node:stream/consumers';
import { Flags } from '@oclif/core';
import { exits, resultOf } from '@zebu/kit';
import { ON_THE_HOST, ProjectCommand } from '../../lib/command/project-command.js';
import type { GuestRun } from '../../lib/vm/results.js';

export default class VmExec extends ProjectCommand<GuestRun> {
  static override summary =
    'Run a command in the VM as root, through Proxmox and the guest agent. Works when SSH is dead.';
  static override description =
    'Each word stays one word; for pipes use sh -c. The exit status is that of the command: 127 when there is no such program. When zebu itself fails, it says so in a line that begins with Error. The command and its words can be seen in process lists of the host and the VM; secrets go through --stdin.';
  static override result = resultOf<GuestRun>(1, async () => (await import('../../lib/vm/results.js')).guestRun);
  static override exits = exits([...ON_THE_HOST, 'unknown'], 'Otherwise that of the command.');
  static override examples = [
    '<%= config.bin %> vm:exec -- systemctl restart ssh',
    '<%= config.bin %> vm:exec -- sh -c "ip addr; df -h /"',
    '<%= config.bin %> vm:exec --stdin -- tee /etc/motd < motd',
  ];
  static override usage = 'vm:exec [--rehearsal] [--stdin] [--timeout SECONDS] -- COMMAND...';
  static override strict = false;
  static override flags = {
    stdin: Flags.boolean({ char: 'i', description: 'Pass standard input on, at most 64 KiB.' }),
    rehearsal: Flags.boolean({ description: 'In the clone that app:rehearse --keep has left.' }),
    timeout: Flags.integer({
      default: 60,
      min: 1,
      max: 86_400,
      description: 'Seconds to wait for its end. The command itself goes on.',
    }),
  };

  async execute(): Promise<GuestRun> {
    const { flags, argv } = await this.parse(VmExec);
    const context = await this.context(flags);
    const { execCommand } = await import('../../lib/vm/exec.js');
    const appVm = flags.rehearsal ? await (await import('../../lib/copies/look.js')).leftRehearsal(context) : undefined;
    const run = await execCommand(
      context,
      {
        command: argv as string[],
        stdin: flags.stdin ? await buffer(process.stdin) : undefined,
        timeoutMs: flags.timeout * 1000,
      },
      appVm,
    );
    if (run.stdout !== '') this.io.out(run.stdout.replace(/\n$/, ''));
    if (run.stderr !== '') for (const line of run.stderr.replace(/\n$/, '').split('\n')) this.io.note(line);
    if (run.exit !== 0 && !this.jsonEnabled()) this.exit(run.exit);
    process.exitCode = run.exit;
    return run;
  }
}
