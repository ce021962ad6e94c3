import { expect } from 'vitest';
import type { LabReport } from '../../plugins/lab/src/instance/results.js';
import { onHost } from './lab-host.js';
import { nodeOf } from './node.js';
import type { Project } from './project.js';
import { tinyApp, version } from './tiny-app.js';

export interface Rehearsal {
  readonly release: string;
  readonly verdict: string;
  readonly why: string;
  readonly evidence: readonly string[];
  readonly seconds: number;
  readonly steps: readonly { readonly step: string; readonly seconds: number }[];
  readonly gaps: Readonly<Record<string, number>>;
  readonly memory: { readonly total: number; readonly leastAvailable: number | null };
  readonly disk: { readonly before: number; readonly after: number };
  readonly data: { readonly before: number; readonly after: number };
  readonly vmid: number;
  readonly kept: boolean;
  readonly source: string;
}
export interface RehearsalFailure {
  readonly code: string;
  readonly message: string;
  readonly details: Rehearsal;
}
interface Status {
  readonly release: string;
  readonly live: { readonly ref: string };
  readonly services: readonly { readonly service: string; readonly container: string; readonly startedAt: string }[];
}

/** A migration that trips over a row without an address. */
export const STRICT = `#!/bin/busybox sh
while IFS=, read -r id email; do
  [ -n "$email" ] || { echo "ERROR: column email of row $id is null"; exit 1; }
done </data/rows
/bin/busybox sleep 15
echo migrated >/data/schema
/bin/busybox dd if=/dev/zero of=/data/index bs=1024 count=2048 2>/dev/null
`;

const vmsOf = async (lab: LabReport): Promise<number> =>
  (await nodeOf(lab).ask<readonly unknown[]>('GET', '/nodes/pve/qemu')).length;

async function backupsOf(lab: LabReport): Promise<readonly string[]> {
  const rows = await nodeOf(lab).ask<readonly { volid: string }[]>('GET', '/nodes/pve/storage/local/content', {
    content: 'backup',
  });
  return rows.flatMap(({ volid }) => (volid.includes(':backup/') ? [volid] : []));
}

/** An app with 10,000 rows, of which one has no address, live as v1; its releases migrate. */
export class RehearsedApp {
  readonly lab: LabReport;
  readonly project: Project;
  /** What others have left in the lab, which several files share. */
  readonly #before: { readonly vms: number; readonly backups: readonly string[] };

  private constructor(lab: LabReport, project: Project, before: { vms: number; backups: readonly string[] }) {
    this.lab = lab;
    this.project = project;
    this.#before = before;
  }

  static async make(lab: LabReport): Promise<RehearsedApp> {
    const project = tinyApp({
      lab,
      app: 'rehearsed',
      config: {
        vm: { boot_timeout: 60 },
        deploy: {
          timeout: 60,
          probes: [{ http: 'http://127.0.0.1:8080/version' }],
          release_command: { service: 'store', command: ['/bin/busybox', 'sh', '/migrate'] },
        },
      },
    });
    project.write(
      'store/Dockerfile',
      project.read('store/Dockerfile').replace('CMD', 'COPY store/migrate /migrate\nCMD'),
    );
    const app = new RehearsedApp(lab, project, { vms: await vmsOf(lab), backups: await backupsOf(lab) });
    await project.json(['vm:create']);
    app.migration('v1', 'true\n');
    await project.json(['app:deploy', '--tag', 'v1']);
    await app.inStore(
      'i=0; while [ $i -lt 10000 ]; do i=$((i + 1)); [ $i = 7777 ] && echo $i, || echo $i,a@example.org; done >/data/rows',
    );
    return app;
  }

  /** A backup that somebody makes; its volume id. */
  async backUp(): Promise<string> {
    return (await this.project.json<{ backup: string }>(['vm:backup:create'])).backup;
  }

  /** There are no machine but its own and no backup but this one. */
  async expectAlone(backup: string): Promise<void> {
    expect(await this.vms()).toBe(1);
    expect(await this.backups()).toEqual([backup]);
  }

  /** @param backup goes as well */
  async remove(backup?: string): Promise<void> {
    if (backup !== undefined) onHost(this.lab, 'pvesm', 'free', backup);
    await this.project.zebu(['app:rehearse', '--clean']);
    await this.project.zebu(['vm:destroy', '--yes']);
    this.project.remove();
  }

  /** A release whose migration is this script. */
  migration(tag: string, script: string): void {
    this.project.write('store/migrate', script);
    version(this.project, tag);
  }

  inStore(script: string): Promise<{ readonly stdout?: string }> {
    return this.project.json(['app:exec', 'store', '--', '/bin/busybox', 'sh', '-c', script]);
  }

  /** The containers of production, with when they were started: another one, or a restart, is another. */
  async production(): Promise<readonly string[]> {
    const { release, services } = await this.project.json<Status>(['app:status']);
    return [release, ...services.map(({ service, startedAt }) => `${service} ${startedAt}`)];
  }

  async vms(): Promise<number> {
    return (await vmsOf(this.lab)) - this.#before.vms;
  }

  /** Volume ids of all backups on the node. */
  async backups(): Promise<readonly string[]> {
    return (await backupsOf(this.lab)).filter((each) => !this.#before.backups.includes(each));
  }

  async guest(command: string): Promise<string> {
    return (await this.project.json<{ stdout: string }>(['vm:exec', '--', 'sh', '-c', command])).stdout;
  }

  /** Seconds of these steps in a journal of the VM. */
  async took(release: string, steps: readonly string[]): Promise<number> {
    const lines = (await this.guest(`cat /opt/zebu/rehearsed/journals/${release}.jsonl`)).trim().split('\n');
    const events = lines.map((line) => JSON.parse(line) as { t?: number; step: string; state?: string });
    const begun = events.filter(({ state }) => state === 'begin');
    const last = events.findLast(({ t }) => t !== undefined)?.t ?? 0;
    return begun.reduce(
      (sum, { step, t = 0 }, at) => sum + (steps.includes(step) ? (begun[at + 1]?.t ?? last) - t : 0),
      0,
    );
  }
}
