import { Flags } from '@oclif/core';
import { exits, resultOf } from '@zebu/kit';
import { worded } from '../../lib/command/worded.js';
import { ON_THE_HOST, ProjectCommand } from '../../lib/command/project-command.js';
import type { Resized } from '../../lib/vm/results.js';

export default class VmResize extends ProjectCommand<Resized> {
  static override summary = 'Change cores, memory or disk of the VM at once, and say what zebu.yml should say then.';
  static override description =
    'zebu.yml is not written. Disks only grow. What the running VM cannot take at once (as a rule cores and memory) Proxmox keeps until it is stopped and started; vm:restart does that.';
  static override result = resultOf<Resized>(1, async () => (await import('../../lib/vm/results.js')).resized);
  static override exits = exits([...ON_THE_HOST, 'unknown']);
  static override examples = [
    '<%= config.bin %> vm:resize --memory 4096',
    '<%= config.bin %> vm:resize --cores 4 --disk +20',
  ];
  static override flags = {
    cores: Flags.integer({ min: 1, max: 512, description: 'CPU cores.' }),
    memory: Flags.integer({ min: 256, description: 'Memory in MiB.' }),
    disk: Flags.string({
      parse: worded(/^\+?\d{1,7}$/, 'a size in GiB, such as 40 or +10'),
      description: 'Size of the disk in GiB, or + and how many more.',
    }),
  };

  async execute(): Promise<Resized> {
    const { flags } = await this.parse(VmResize);
    const context = await this.context(flags);
    const { resizeVm } = await import('../../lib/vm/resize.js');
    const result = await resizeVm(context, { cores: flags.cores, memoryMb: flags.memory, disk: flags.disk });
    if (!result.changed) this.io.out(`VM ${result.vmid} (${result.name}) is of that size already: no change`);
    for (const { key, from, to, takesEffect } of result.changes)
      this.io.out(`${key} ${from} -> ${to}, ${takesEffect === 'now' ? 'at once' : 'after a restart: zebu vm:restart'}`);
    if (result.changes.some(({ key }) => key === 'vm.disk_gb'))
      this.io.out('the file system grows with it at the next boot (cloud-init)');
    if (result.changed) {
      this.io.note('zebu.yml was not changed; so that it agrees:');
      for (const [key, value] of Object.entries(result.zebuYml)) this.io.note(`  ${key}: ${value}`);
    }
    return result;
  }
}
