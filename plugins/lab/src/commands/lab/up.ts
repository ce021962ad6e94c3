import { Flags } from '@oclif/core';
import { exits, resultOf, waitingLine } from '@zebu/kit';
import { ZebuCommand } from '@zebu/kit/command';
import { labFlags, labLayout } from '../../instance/flags.js';
import { PROGRAM_START_MS } from '../../host/settings.js';
import type { LabReport } from '../../instance/results.js';

export default class LabUp extends ZebuCommand<LabReport> {
  static override result = resultOf<LabReport>(1, async () => (await import('../../instance/results.js')).labReport);
  static override exits = exits(['precondition']);
  static override summary = 'Bring up a Proxmox-compatible node on this machine, with real virtual machines as guests.';
  static override description =
    'Builds a Debian guest image when there is none yet (about two minutes), then starts the node: its REST API and an SSH host shell on 127.0.0.1, and a bridge with DHCP for guests. Run it again to repair what is missing.';
  static override examples = ['<%= config.bin %> lab:up', '<%= config.bin %> lab:up --name fast --guests namespace'];
  static override flags = {
    ...labFlags,
    guests: Flags.option({
      options: ['qemu', 'namespace'] as const,
      default: 'qemu',
      env: 'ZEBU_LAB_GUESTS',
      description: 'Real machines, or namespaces of this one, which start in seconds and show less.',
    })(),
    node: Flags.string({ default: 'pve', description: 'Name of the node.' }),
    nodes: Flags.integer({
      default: 1,
      min: 1,
      max: 8,
      description: 'Nodes of the cluster. The first offers API and host shell, the others are reached through it.',
    }),
    pve: Flags.option({
      options: ['8', '9', '8.4', '9.2'] as const,
      default: '8',
      description: 'Release of Proxmox VE to answer as: privileges and parameters depend on it. 8 is 8.4, 9 is 9.2.',
    })(),
    'pvesh-start': Flags.integer({
      default: PROGRAM_START_MS,
      min: 0,
      max: 60_000,
      description: 'What a start of pvesh, qm and the like costs in the host shell, in milliseconds.',
    }),
    'pvesh-regression': Flags.boolean({
      description: 'In the host shell, pvesh dies on some methods, as that of Proxmox VE 9.2.7 to 9.2.11 does.',
    }),
    'answer-time': Flags.integer({
      default: 0,
      min: 0,
      max: 60_000,
      description: 'What each answer of the API takes beside its own time, in milliseconds; on a real node some 45.',
    }),
    'api-port': Flags.integer({ min: 1, max: 65535, description: 'Port of the REST API. Default: a free one.' }),
    'ssh-port': Flags.integer({ min: 1, max: 65535, description: 'Port of the host shell. Default: a free one.' }),
    subnet: Flags.string({ description: 'Network of the bridge, such as 10.77.0.0/24. Default: a free one.' }),
  };

  async execute(): Promise<LabReport> {
    const { flags } = await this.parse(LabUp);
    const { labUp } = await import('../../instance/up.js');
    const line = waitingLine(this.io);
    const log = (text: string): void => {
      line.clear();
      this.io.note(`  ${text}`);
    };
    const report = await labUp({
      layout: labLayout(flags),
      name: flags.name,
      guests: flags.guests,
      node: flags.node,
      nodes: flags.nodes,
      pve: flags.pve.startsWith('9') ? '9' : '8',
      programs: { startMs: flags['pvesh-start'], regression: flags['pvesh-regression'] },
      answerMs: flags['answer-time'],
      apiPort: flags['api-port'],
      sshPort: flags['ssh-port'],
      subnet: flags.subnet,
      log: Object.assign(log, this.io.live ? { wait: (text: string) => line.show(`  ${text}`) } : {}),
      signal: this.signal,
    }).finally(() => line.clear());
    this.io.out(
      `node ${report.node} is up: API ${report.api.url}, SSH ${report.ssh.user}@${report.ssh.host}:${report.ssh.port}`,
    );
    this.io.out(`use it: set -a; . ${report.envFile}; set +a`);
    return report;
  }
}
