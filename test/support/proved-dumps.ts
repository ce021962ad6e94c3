import type { LabReport } from '../../plugins/lab/src/instance/results.js';
import type { Dumped } from '../../src/lib/data/results.js';
import { guestShell, type Shell } from './guest-shell.js';
import { nodeOf } from './node.js';
import type { Project } from './project.js';
import { tinyApp, version } from './tiny-app.js';

const APP = 'data-proved';
export const BASE = `/opt/zebu/${APP}`;
const BUSYBOX = '/bin/busybox';

const vmsOf = async (lab: LabReport): Promise<number> =>
  (await nodeOf(lab).ask<readonly unknown[]>('GET', '/nodes/pve/qemu')).length;

/** An app whose dumps are proved, live as v1, with one store that holds a row. */
export class ProvedDumps {
  readonly project: Project;
  readonly guest: Shell;
  readonly #lab: LabReport;
  /** How many VMs others have left on the node. */
  readonly #others: number;

  private constructor(lab: LabReport, others: number, project: Project, guest: Shell) {
    this.#lab = lab;
    this.#others = others;
    this.project = project;
    this.guest = guest;
  }

  static async make(lab: LabReport): Promise<ProvedDumps> {
    const others = await vmsOf(lab);
    const project = tinyApp({
      lab,
      app: APP,
      config: {
        deploy: { stability: 1, timeout: 60, probes: [{ http: 'http://127.0.0.1:8080/version', body: 'v1' }] },
        prove: { max_age: '30d' },
        data: {
          stores: {
            rows: {
              service: 'store',
              dump: [BUSYBOX, 'cat', '/data/rows'],
              restore: [BUSYBOX, 'sh', '-c', `${BUSYBOX} cat >/data/rows; ${BUSYBOX} grep -q -v broken /data/rows`],
            },
          },
          check: { rows: { service: 'store', command: [BUSYBOX, 'cat', '/data/rows'] } },
        },
      },
    });
    const check = { rows: { service: 'store', command: [BUSYBOX, 'cat', '/data/rows'], same: true } };
    project.write('zebu.same.yml', JSON.stringify({ data: { check } }));
    const { ip } = await project.json<{ ip: string }>(['vm:create']);
    const guest = guestShell(ip, project.key);
    version(project, 'v1');
    await project.json(['app:deploy', '--tag', 'v1']);
    const made = new ProvedDumps(lab, others, project, guest);
    made.inStore('echo 10000 >/data/rows');
    return made;
  }

  async remove(): Promise<void> {
    await this.project.zebu(['vm:destroy', '--yes']);
    this.project.remove();
  }

  inStore(line: string): string {
    return this.guest.run(
      `docker exec $(docker ps -q -f label=com.docker.compose.project=${APP} -f label=com.docker.compose.service=store) ${BUSYBOX} sh -c '${line}'`,
    );
  }

  async dump(): Promise<string> {
    return (await this.project.json<Dumped>(['data:dump'])).dump?.id ?? '';
  }

  /** What must not change, whatever comes of a proof. */
  production(): string {
    return (
      this.guest.run(
        `readlink ${BASE}/current; wc -l <${BASE}/releases.jsonl; ls ${BASE}/data/dumps ${BASE}/data/lent 2>/dev/null; docker ps -q --no-trunc | sort; true`,
      ) + this.inStore(`${BUSYBOX} cat /data/rows`)
    );
  }

  /** Its own, and what was made for it. */
  async vms(): Promise<number> {
    return (await vmsOf(this.#lab)) - this.#others;
  }
}
