import type { LabReport } from '../../plugins/lab/src/instance/results.js';
import { onHost } from './lab-host.js';
import { nodeOf, type Node } from './node.js';
import type { Project } from './project.js';
import { tinyApp, version } from './tiny-app.js';

export interface Proof {
  readonly backup: string;
  readonly proven: boolean;
  readonly why: string;
  readonly vmid: number;
  readonly recorded: boolean;
  readonly checks: readonly { readonly name: string; readonly copy: string; readonly production: string | null }[];
  readonly steps: Readonly<Record<'boot' | 'restore' | 'verdict', number | null>>;
}
export interface ProofFailure {
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
  readonly details?: Partial<Proof>;
}
export interface Row {
  readonly vmid: number;
  readonly name?: string;
  readonly tags?: string;
}

/** An app with rows in a VM whose backups are proven. Its database does not start again on damaged data, though it runs. */
export class ProofApp {
  readonly lab: LabReport;
  readonly node: Node;
  readonly project: Project;
  readonly vmid: number;
  /** Address of the VM. */
  readonly host: string;

  private constructor(lab: LabReport, project: Project, { vmid, ip }: { vmid: number; ip: string }) {
    this.lab = lab;
    this.node = nodeOf(lab);
    this.project = project;
    this.vmid = vmid;
    this.host = ip;
  }

  static async make(lab: LabReport, app: string): Promise<ProofApp> {
    const project = tinyApp({
      lab,
      app,
      config: {
        vm: { boot_timeout: 60 },
        deploy: { timeout: 40, probes: [{ http: 'http://127.0.0.1:8080/version', body: 'v1' }] },
        data: { check: { rows: { service: 'store', command: ['/bin/busybox', 'cat', '/data/rows'], same: true } } },
      },
    });
    await project.json(['vm:create']);
    project.write(
      'store/Dockerfile',
      project
        .read('store/Dockerfile')
        .replace(
          '"/bin/busybox touch',
          '"if [ -e /data/corrupt ]; then echo PANIC: could not locate a valid checkpoint record; exit 1; fi; /bin/busybox touch',
        ),
    );
    version(project, 'v1');
    await project.json(['app:deploy', '--tag', 'v1']);
    const made = new ProofApp(lab, project, await project.json<{ vmid: number; ip: string }>(['vm:status']));
    await made.inStore('echo 10000 >/data/rows');
    return made;
  }

  async remove(): Promise<void> {
    const { list } = await this.project.json<{ list: { backup: string }[] }>(['vm:backup:list']);
    for (const { backup } of list) onHost(this.lab, 'pvesm', 'free', backup);
    await this.project.zebu(['vm:destroy', '--yes']);
    this.project.remove();
  }

  inStore(script: string): Promise<unknown> {
    const line = script.replace(/^rm/, '/bin/busybox rm');
    return this.project.json(['app:exec', 'store', '--', '/bin/busybox', 'sh', '-c', line]);
  }

  /** VMs that are not the app's own. */
  async others(): Promise<readonly number[]> {
    const rows = await this.node.ask<readonly Row[]>('GET', '/nodes/pve/qemu');
    return rows.flatMap((row) =>
      row.name?.startsWith('zebu-copy-of-') === true || row.tags?.includes('zebu-copy') === true ? [row.vmid] : [],
    );
  }

  async backUp(): Promise<string> {
    const { backup } = await this.project.json<{ backup: string }>(['vm:backup:create']);
    return backup;
  }

  async notProven(...args: readonly string[]): Promise<ProofFailure & { readonly exit: number | null }> {
    const run = await this.project.zebu(['vm:backup:prove', ...args, '--json'], { timeoutMs: 280_000 });
    return { ...(JSON.parse(run.stdout) as { error: ProofFailure }).error, exit: run.code };
  }
}
