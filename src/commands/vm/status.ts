import { Flags } from '@oclif/core';
import { resultOf } from '@zebu/kit';
import { ProjectCommand } from '../../lib/command/project-command.js';
import { formatBytes, formatSeconds } from '../../lib/ui/units.js';
import type { Timeframe } from '../../lib/proxmox/history.js';
import type { VmStatus as Status } from '../../lib/vm/results.js';

const size = (bytes: number | null): string => (bytes === null ? '?' : formatBytes(bytes));

export default class VmStatus extends ProjectCommand<Status> {
  static override result = resultOf<Status>(1, async () => (await import('../../lib/vm/results.js')).vmStatus);
  static override summary = 'Show the VM: state, address, resources, their use, and what differs from zebu.yml.';
  static override examples = [
    '<%= config.bin %> vm:status',
    '<%= config.bin %> vm:status --last day',
    '<%= config.bin %> vm:status --json',
  ];
  static override flags = {
    last: Flags.option({
      options: ['hour', 'day', 'week'] as const satisfies readonly Timeframe[],
      default: 'hour',
      description: 'Time that the history is of.',
    })(),
  };

  async execute(): Promise<Status> {
    const { flags } = await this.parse(VmStatus);
    const context = await this.context(flags);
    const { vmStatus } = await import('../../lib/vm/lifecycle.js');
    const status = await vmStatus(context, flags.last);
    const rows: readonly (readonly [string, string])[] = [
      ['vm', `${status.vmid} (${status.name}) on ${status.node}`],
      [
        'status',
        `${status.status}${status.lock === null ? '' : `, locked (${status.lock})`}${status.uptime > 0 ? `, up ${formatSeconds(status.uptime)}` : ''}`,
      ],
      ['address', status.ip ?? 'unknown'],
      ['agent', status.agent ? 'answers' : 'does not answer'],
      ['host key', status.hostKeyPinned ? 'pinned' : 'not pinned on this machine'],
      ['cpu', `${status.cores} cores${status.cpu === null ? '' : `, ${(status.cpu * 100).toFixed(0)} % used`}`],
      ['memory', `${size(status.memoryBytes.used)} of ${size(status.memoryBytes.max)}`],
      ['disk', size(status.diskBytes)],
      ...status.drift.map(
        ({ key, wanted, found }) => ['differs', `${key} is ${found}, zebu.yml wants ${wanted}`] as const,
      ),
    ];
    for (const [name, value] of rows) this.io.out(`${name.padEnd(9)} ${value}`);
    const { columns, unicode } = this.io;
    const { historyLines } = await import('../../lib/proxmox/history-lines.js');
    for (const line of historyLines(status.history, { columns, unicode, running: status.status === 'running' }))
      this.io.out(line);
    return status;
  }
}
