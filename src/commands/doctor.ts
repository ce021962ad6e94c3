import { Flags } from '@oclif/core';
import { exits, handledLater, resultOf, waitingLine } from '@zebu/kit';
import { ON_THE_HOST, ProjectCommand } from '../lib/command/project-command.js';
import type { Context } from '../lib/context/context.js';
import type { DoctorResult } from '../lib/doctor/results.js';

export default class Doctor extends ProjectCommand<DoctorResult> {
  static override summary = 'Check everything zebu stands on: this machine, the configuration, Proxmox, the VM.';
  static override description =
    'One line a check: ok, warn, fail or skip, and what to do about it. Changes nothing without --clean, and goes on when something is broken; what does not answer in time is a failure of its own check. The exit status is 0 when nothing failed, else that of the first failure. A VM that does not exist yet is no failure.';
  static override examples = [
    '<%= config.bin %> doctor',
    '<%= config.bin %> doctor --json',
    '<%= config.bin %> doctor --role --pve 9',
    '<%= config.bin %> doctor --clean',
  ];
  static override result = resultOf<DoctorResult>(1, async () => (await import('../lib/doctor/results.js')).diagnosis);
  static override exits = exits(ON_THE_HOST, 'When a check failed, the status of the first failure’s class.');
  static override flags = {
    role: Flags.boolean({
      description: 'Print the lines that make the minimal role, a user and a token, and nothing else.',
    }),
    clean: Flags.boolean({
      default: false,
      exclusive: ['role'],
      description:
        'First remove templates of zebu (vm.template) that nobody needs, and what killed runs have left of making them.',
    }),
    pve: Flags.option({
      options: ['8', '9'] as const,
      dependsOn: ['role'],
      description: 'Version of Proxmox VE the role is for. Default: what the host says, else both.',
    })(),
  };

  async execute(): Promise<DoctorResult> {
    const { flags } = await this.parse(Doctor);
    const context = await this.context(flags).catch((problem: unknown) => ({ problem }));
    // Proxmox is reached while what checks is loaded; what goes wrong is told by its check.
    if (!flags.role && !('problem' in context)) void handledLater(context.transport());
    const { diagnose } = await import('../lib/doctor/doctor.js');
    if (flags.role) {
      const { roleLines } = await import('../lib/doctor/print-role.js');
      const role = await roleLines(context, flags.pve === undefined ? undefined : flags.pve === '8' ? 8 : 9);
      for (const line of role) this.io.out(line);
      return { healthy: true, exit: 0, checks: [], cleaned: [], role };
    }
    const cleaned = flags.clean ? await this.clean(context) : [];
    const { hanging } = await import('../lib/ui/table.js');
    const line = waitingLine(this.io);
    const diagnosis = await diagnose({
      context,
      signal: this.signal,
      onWait: ({ ids, seconds }) => line.show(`waiting for ${ids.join(', ')} (${seconds} s)`),
      onResult: ({ id, status, detail, remedy }) => {
        line.clear();
        const head = `${status.padEnd(4)}  ${id.padEnd(10)}  `;
        this.io.out(head + hanging(detail, head.length, this.io.width));
        // Not broken: what is to be typed is copied from it.
        if (remedy !== null) this.io.out(`                  -> ${remedy}`);
      },
    }).finally(() => line.clear());
    process.exitCode = diagnosis.exit;
    return { ...diagnosis, cleaned, role: null };
  }

  /** Without a configuration it is not known where: then that is what is wrong. */
  private async clean(context: Context | { readonly problem: unknown }): Promise<DoctorResult['cleaned']> {
    if ('problem' in context) throw context.problem;
    const { cleanTemplates } = await import('../lib/vm/provision/template/clean.js');
    const { formatBytes } = await import('../lib/ui/units.js');
    const cleaned = await cleanTemplates(context);
    for (const { vmid, name, bytes } of cleaned)
      this.io.out(`removed VM ${vmid}: ${name}${bytes === null ? '' : ` (${formatBytes(bytes)})`}`);
    if (cleaned.length === 0) this.io.out('nothing to remove');
    return [...cleaned];
  }
}
