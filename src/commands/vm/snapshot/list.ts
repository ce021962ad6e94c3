import { resultOf } from '@zebu/kit';
import { pagerFlag } from '@zebu/kit/command';
import { ProjectCommand } from '../../../lib/command/project-command.js';
import type { SnapshotList } from '../../../lib/vm/snapshot/results.js';

export default class VmSnapshotList extends ProjectCommand<SnapshotList> {
  static override summary = 'List the snapshots of the VM, oldest first.';
  static override result = resultOf<SnapshotList>(
    1,
    async () => (await import('../../../lib/vm/snapshot/results.js')).snapshotList,
  );
  static override examples = ['<%= config.bin %> vm:snapshot:list', '<%= config.bin %> vm:snapshot:list --json'];
  static override flags = { ...pagerFlag };

  async execute(): Promise<SnapshotList> {
    const { flags } = await this.parse(VmSnapshotList);
    this.page(flags);
    const context = await this.context(flags);
    const { listSnapshots, shortTime } = await import('../../../lib/vm/snapshot/snapshots.js');
    const { table } = await import('../../../lib/ui/table.js');
    const result = await listSnapshots(context);
    if (result.list.length === 0) this.io.out(`VM ${result.vmid} (${result.vm}) has no snapshots`);
    else {
      const rows = result.list.map((each) => {
        const notes = [
          ...(each.unfinished === null ? [] : [`half-made: ${each.unfinished} it came to no end`]),
          ...(each.memory ? ['with memory'] : []),
          ...(each.name === result.current ? ['the VM goes on from here'] : []),
        ];
        return [each.name, shortTime(each.time), notes.join(', '), each.description.split('\n')[0] ?? ''];
      });
      for (const line of table(['name', 'taken', 'note', 'description'], rows, this.io.width)) this.io.out(line);
    }
    return result;
  }
}
