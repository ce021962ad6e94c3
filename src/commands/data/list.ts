import { resultOf } from '@zebu/kit';
import { pagerFlag } from '@zebu/kit/command';
import { ProjectCommand } from '../../lib/command/project-command.js';
import type { DataList } from '../../lib/data/results.js';

export default class DataListing extends ProjectCommand<DataList> {
  static override summary = 'List what of the data is dumped and how, and the dumps there are, in the VM and off it.';
  static override result = resultOf<DataList>(1, async () => (await import('../../lib/data/results.js')).dataList);
  static override examples = ['<%= config.bin %> data:list', '<%= config.bin %> data:list --json'];
  static override flags = { ...pagerFlag };

  async execute(): Promise<DataList> {
    const { flags } = await this.parse(DataListing);
    this.page(flags);
    const context = await this.context(flags);
    const { listData } = await import('../../lib/data/list.js');
    const { listLines } = await import('../../lib/data/text.js');
    const result = await listData(context);
    for (const line of listLines(result, this.io.width)) this.io.out(line);
    return result;
  }
}
