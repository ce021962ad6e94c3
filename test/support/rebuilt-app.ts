import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { LabReport } from '../../plugins/lab/src/instance/results.js';
import type { Rebuilt } from '../../src/lib/rebuild/results.js';
import { nodeOf } from './node.js';
import type { Project } from './project.js';
import { tinyApp, version } from './tiny-app.js';

export interface Machine {
  readonly vmid: number;
  readonly name: string;
  readonly status: string;
  readonly tags?: string;
}

interface Release {
  readonly id: string;
  readonly ref: string;
  readonly verdict: string;
  readonly mode: string;
}

interface Failure {
  readonly error: { readonly code: string; readonly message: string; readonly hint?: string };
}

/** What must be the same after it: rows, as one word. */
const ROWS =
  '/bin/busybox wc -l </data/rows; /bin/busybox sha256sum /data/rows; /bin/busybox ls -ln /data/rows; /bin/busybox cat /bound/data /foo.conf';

/** In the VM, outside of the app: a folder that a volume is bound to, and a single file. */
const OUTSIDE = (app: string): string =>
  `sudo -n sh -c 'mkdir -p /srv/${app}/bound && echo bound >/srv/${app}/bound/data && echo conf >/srv/${app}/foo.conf && echo beside >/srv/${app}/beside' && docker network create --subnet 10.97.0.0/24 edge`;

/** With that in it, what Docker says of the network, and what every machine has. */
function mountOutside(project: Project, app: string): void {
  const file = readFileSync(join(project.folder, 'compose.yml'), 'utf8');
  const mounts = `data:/data, bound:/bound, "/srv/${app}/foo.conf:/foo.conf", "/etc/os-release:/os-release:ro"`;
  const bound = `bound: { driver_opts: { type: none, o: bind, device: /srv/${app}/bound } }`;
  project.write(
    'compose.yml',
    `${file.replace('[data:/data]', `[${mounts}]\n    networks: [default, edge]`).replace('volumes: { data: }', `volumes: { data: , ${bound} }`)}networks: { edge: { external: true } }\n`,
  );
}

/** An app with 10,000 rows, live as v2 after v1, whose VM is put in the place of another. */
export class RebuiltApp {
  readonly lab: LabReport;
  readonly project: Project;

  private constructor(lab: LabReport, project: Project) {
    this.lab = lab;
    this.project = project;
  }

  static async make(
    lab: LabReport,
    app: string,
    config: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {},
  ): Promise<RebuiltApp> {
    const project = tinyApp({
      lab,
      app,
      config: {
        ...config,
        vm: { boot_timeout: 60, ...config['vm'] },
        deploy: { timeout: 60, probes: [{ http: 'http://127.0.0.1:8080/version' }], ...config['deploy'] },
      },
    });
    const made = new RebuiltApp(lab, project);
    await project.json(['vm:create']);
    await project.json(['vm:exec', '--', 'sh', '-c', OUTSIDE(app)]);
    mountOutside(project, app);
    for (const tag of ['v1', 'v2']) {
      version(project, tag);
      await project.json(['app:deploy', '--tag', tag]);
    }
    await made.inStore(
      'i=0; while [ $i -lt 10000 ]; do i=$((i + 1)); echo $i,a@example.org; done >/data/rows; /bin/busybox chown 7:8 /data/rows',
    );
    return made;
  }

  async remove(): Promise<void> {
    // A test may have protected it, and who has the lab next is to find no machine.
    for (const { vmid } of await this.machines()) await this.set(vmid, { protection: '0' });
    await this.project.zebu(['vm:rebuild', '--forget', '--yes']);
    await this.project.zebu(['vm:destroy', '--yes']);
    this.project.remove();
  }

  async inStore(script: string): Promise<string> {
    const ran = await this.project.json<{ stdout?: string }>([
      'app:exec',
      'store',
      '--',
      '/bin/busybox',
      'sh',
      '-c',
      script,
    ]);
    return ran.stdout ?? '';
  }

  async inVm(script: string): Promise<string> {
    return (await this.project.json<{ stdout?: string }>(['vm:exec', '--', 'sh', '-c', script])).stdout ?? '';
  }

  rows(): Promise<string> {
    return this.inStore(ROWS);
  }

  rebuild(...flags: readonly string[]): Promise<Rebuilt> {
    return this.project.json<Rebuilt>(['vm:rebuild', ...flags]);
  }

  /** A rebuild that ends badly: how. */
  async fails(...flags: readonly string[]): Promise<{ readonly exit: number } & Failure['error']> {
    const run = await this.project.zebu(['vm:rebuild', '--json', ...flags]);
    return { exit: run.code ?? 0, ...(JSON.parse(run.stdout) as Failure).error };
  }

  /** The app is served by this machine, which is the only one. */
  async isAsBefore(vmid: number, ip: string, served: string): Promise<void> {
    expect(await servedAt(ip)).toBe(served);
    expect(await this.current()).toMatchObject({ vmid, ip });
    expect((await this.machines()).map((each) => each.vmid)).toEqual([vmid]);
    expect(await this.config(vmid)).toMatchObject({ tags: expect.not.stringContaining('former') as string });
  }

  async machines(): Promise<readonly Machine[]> {
    const rows = await nodeOf(this.lab).ask<readonly Machine[]>('GET', '/nodes/pve/qemu');
    return rows.toSorted((a, b) => a.vmid - b.vmid);
  }

  config(vmid: number): Promise<Readonly<Record<string, string>>> {
    return nodeOf(this.lab).ask('GET', `/nodes/pve/qemu/${vmid}/config`);
  }

  async set(vmid: number, params: Readonly<Record<string, string>>): Promise<void> {
    await nodeOf(this.lab).ask('PUT', `/nodes/pve/qemu/${vmid}/config`, params);
  }

  async current(): Promise<{ readonly vmid: number; readonly ip: string }> {
    return this.project.json(['vm:status']);
  }

  async releases(): Promise<readonly string[]> {
    const { releases } = await this.project.json<{ releases: readonly Release[] }>(['app:releases']);
    return releases.map(({ mode, ref, verdict }) => `${mode} ${ref} ${verdict}`);
  }
}

/** What is served at an address; undefined for nobody. */
export async function servedAt(ip: string): Promise<string | undefined> {
  try {
    const answer = await fetch(`http://${ip}:8080/version`, { signal: AbortSignal.timeout(2000) });
    return (await answer.text()).trim();
  } catch {
    return undefined;
  }
}
