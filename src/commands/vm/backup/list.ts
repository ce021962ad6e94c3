import { resultOf } from '@zebu/kit';
import { pagerFlag } from '@zebu/kit/command';
import { ProjectCommand } from '../../../lib/command/project-command.js';
import type { BackupList } from '../../../lib/vm/backup/results.js';

export default class VmBackupList extends ProjectCommand<BackupList> {
  static override summary = 'List the backups of the VM, newest first. Works when the VM itself is gone.';
  static override result = resultOf<BackupList>(
    1,
    async () => (await import('../../../lib/vm/backup/results.js')).backupList,
  );
  static override examples = ['<%= config.bin %> vm:backup:list', '<%= config.bin %> vm:backup:list --json'];
  static override flags = { ...pagerFlag };

  async execute(): Promise<BackupList> {
    const { flags } = await this.parse(VmBackupList);
    this.page(flags);
    const context = await this.context(flags);
    const { listBackups } = await import('../../../lib/vm/backup/backups.js');
    const { shortTime } = await import('../../../lib/vm/snapshot/snapshots.js');
    const { table } = await import('../../../lib/ui/table.js');
    const { formatBytes } = await import('../../../lib/ui/units.js');
    const { PLACES } = await import('../../../lib/vm/backup/place.js');
    const { jobLines } = await import('../../../lib/vm/backup/text.js');
    const result = await listBackups(context);
    if (result.list.length === 0) this.io.out(`There is no backup of the app ${context.config.app.name}`);
    else {
      const rows = result.list.map((each) => [
        each.backup,
        shortTime(each.time),
        formatBytes(each.bytes),
        PLACES[each.place],
        `${each.protected ? 'protected; ' : ''}${each.notes.split('\n')[0] ?? ''}`,
      ]);
      for (const line of table(['backup', 'made', 'size', 'where', 'notes'], rows, this.io.width)) this.io.out(line);
    }
    for (const line of jobLines(result.jobs)) this.io.out(line);
    return result;
  }
}
