import { Flags } from '@oclif/core';
import { exits, resultOf } from '@zebu/kit';
import { addressArg } from '../../lib/command/worded.js';
import { ON_THE_HOST, ProjectCommand } from '../../lib/command/project-command.js';
import type { Rebuilt } from '../../lib/rebuild/results.js';

/** Of `steadily`; written out, as its file loads what only a rebuild needs. */
const LIMIT_MS = 3_600_000;

export default class VmRebuild extends ProjectCommand<Rebuilt> {
  static override summary = 'Put a new VM in the place of the one there is, with the app, its secrets and its data.';
  static override description =
    'What a deploy is for the app, for the machine: another image, storage, provisioner or size, whatever zebu.yml says now. The new VM is made beside the old one, with an address of its own. Data and images are brought over while the app runs, what has changed since once it is stopped. The app is started in the new VM and judged there, and once more from outside when the new VM has the address. Where that is not good, the old one serves again: exit 7, or 8 where that failed. The old VM is kept, stopped and unplugged, for --back, until --forget. A rebuild that was killed is carried to its end, or undone, by the next one.';
  static override result = resultOf<Rebuilt>(1, async () => (await import('../../lib/rebuild/results.js')).rebuilt);
  static override exits = exits([...ON_THE_HOST, 'restored', 'unhealthy', 'unknown']);
  static override examples = [
    '<%= config.bin %> vm:rebuild --dry-run',
    '<%= config.bin %> vm:rebuild',
    '<%= config.bin %> vm:rebuild --back',
    '<%= config.bin %> vm:rebuild --forget',
  ];
  static override flags = {
    'dry-run': Flags.boolean({
      description: 'Only say what would be done, and how much is to be brought over.',
      exclusive: ['back', 'forget'],
    }),
    back: Flags.boolean({
      description:
        'Go back to the VM before. What was written since the rebuild is not in it; asks for the name of the app first.',
      exclusive: ['forget'],
    }),
    forget: Flags.boolean({ description: 'Destroy the VM before, with its disks; asks for its name first.' }),
    'temporary-ip': Flags.string({
      parse: addressArg,
      helpValue: 'ADDRESS/PREFIX',
      description:
        'Address of the new VM until it serves, where zebu.yml gives the VM a fixed one: one that is free, or dhcp.',
    }),
    'any-address': Flags.boolean({
      description: 'Stay with the new VM although the DHCP server gives it another address than the old one had.',
    }),
    'leave-unnamed-volumes': Flags.boolean({
      description: 'Leave behind what is in volumes without a name.',
    }),
    'lock-wait': Flags.integer({
      min: 0,
      max: 86_400,
      helpValue: 'SECONDS',
      description: 'Wait this long for a deploy to end.',
    }),
    yes: Flags.boolean({ char: 'y', description: 'Do not ask.', env: 'ZEBU_YES' }),
  };

  /** Half of a handover would leave nobody who serves: what is given for it, and for going back from it, and the last start of the app. */
  protected override readonly graceMs = 2 * LIMIT_MS + 1_200_000;

  async execute(): Promise<Rebuilt> {
    const { flags } = await this.parse(VmRebuild);
    const context = await this.context(flags);
    const { rebuiltLines } = await import('../../lib/rebuild/text.js');
    const { asker } = await import('../../lib/ui/ask.js');
    const { confirmByName } = await import('../../lib/ui/confirm.js');
    const confirm = async (what: string, name: string): Promise<boolean> =>
      flags.yes || confirmByName(asker(this.io, VmRebuild.flags, 'yes'), what, name);
    const lockWait = flags['lock-wait'] ?? context.config.deploy.lock_wait;
    const carryOut = async (): Promise<Rebuilt> => {
      if (flags.back) return (await import('../../lib/rebuild/swap.js')).rebuildBack(context, confirm, lockWait);
      if (flags.forget) return (await import('../../lib/rebuild/swap.js')).forgetFormer(context, confirm);
      return (await import('../../lib/rebuild/rebuild.js')).rebuild(context, {
        dryRun: flags['dry-run'],
        temporary: flags['temporary-ip'],
        anyAddress: flags['any-address'],
        leaveUnnamed: flags['leave-unnamed-volumes'],
        lockWait,
      });
    };
    const result = await carryOut();
    for (const line of rebuiltLines(result)) this.io.out(line);
    return result;
  }
}
