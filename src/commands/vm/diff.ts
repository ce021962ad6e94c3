import { Flags } from '@oclif/core';
import { exits, resultOf } from '@zebu/kit';
import { ON_THE_HOST, ProjectCommand } from '../../lib/command/project-command.js';
import type { VmDiff as Diff } from '../../lib/vm/results.js';

/** Exit status of `--exit-code` when something differs. */
const DIFFERS = 6;

export default class VmDiff extends ProjectCommand<Diff> {
  static override result = resultOf<Diff>(1, async () => (await import('../../lib/vm/results.js')).vmDiff);
  static override exits = exits(ON_THE_HOST, 'With --exit-code also 6 when something differs.');
  static override summary = 'Show what differs between zebu.yml and the VM, in Proxmox and inside. Changes nothing.';
  static override description =
    'Compares resources, network, firewall, cloud-init settings, and what zebu keeps in every VM: SSH by keys only, security upgrades, log rotation, swap. What waits for the next start counts as different.';
  static override examples = [
    '<%= config.bin %> vm:diff',
    '<%= config.bin %> vm:diff --json',
    '<%= config.bin %> vm:diff --exit-code',
  ];
  static override flags = {
    'exit-code': Flags.boolean({ description: `End with status ${DIFFERS} when something differs.` }),
  };

  async execute(): Promise<Diff> {
    const { flags } = await this.parse(VmDiff);
    const context = await this.context(flags);
    const { diffVm, showDiff } = await import('../../lib/vm/diff.js');
    const diff = await diffVm(context);
    showDiff(this.io, diff);
    if (flags['exit-code'] && diff.drift.length > 0) process.exitCode = DIFFERS;
    return diff;
  }
}
