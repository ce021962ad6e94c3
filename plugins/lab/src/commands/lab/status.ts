import { exits, resultOf, ZebuError } from '@zebu/kit';
import { ZebuCommand } from '@zebu/kit/command';
import { labFlags, labLayout } from '../../instance/flags.js';
import type { LabReport } from '../../instance/results.js';

export default class LabStatus extends ZebuCommand<LabReport> {
  static override result = resultOf<LabReport>(1, async () => (await import('../../instance/results.js')).labReport);
  static override exits = exits(['precondition']);
  static override summary = 'Show the lab: whether it is up, how to reach it, its guests.';
  static override examples = ['<%= config.bin %> lab:status --json'];
  static override flags = { ...labFlags };

  async execute(): Promise<LabReport> {
    const { flags } = await this.parse(LabStatus);
    const { labStatus } = await import('../../instance/status.js');
    const report = await labStatus(labLayout(flags));
    if (report === undefined) {
      throw new ZebuError('LAB_FAILED', `There is no lab ${flags.name}`, {
        hint: `Make one: zebu lab:up --name ${flags.name}`,
      });
    }
    this.io.out(
      `${report.name}: ${report.up ? 'up' : 'down'}, ${report.guests} guests${report.accel === null ? '' : ` (${report.accel})`}`,
    );
    this.io.out(`api    ${report.api.url}  token file ${report.api.tokenFile}`);
    this.io.out(`       SHA-256 ${report.api.fingerprint}`);
    this.io.out(`ssh    ${report.ssh.user}@${report.ssh.host} -p ${report.ssh.port} -i ${report.ssh.identityFile}`);
    this.io.out(`image  ${report.image.url}  sha256:${report.image.sha256 ?? 'not built'}`);
    this.io.out(`net    ${report.network.bridge} ${report.network.subnet}`);
    for (const vm of report.vms) this.io.out(`guest  ${vm.vmid} ${vm.name} ${vm.status}`);
    return report;
  }
}
