/** Templates of the lab that clones are made from: what there is of them, and how it is put back. */
import { expect } from 'vitest';
import type { LabReport } from '../../plugins/lab/src/instance/results.js';
import { leftOnHost } from './community-script.js';
import { nodeOf } from './node.js';
import { makeProject, type Project } from './project.js';

export interface Created {
  readonly changed: boolean;
  readonly vmid: number;
  readonly ip: string;
  readonly docker: string;
  readonly steps: readonly { readonly title: string; readonly method: string; readonly path: string }[];
  readonly template: null | {
    readonly vmid: number;
    readonly name: string;
    readonly made: boolean;
    readonly linked: boolean;
  };
}
interface Row {
  readonly vmid: number;
  readonly name: string;
  readonly tags?: string;
  readonly template: number;
}
export interface Diagnosis {
  readonly checks: readonly { readonly id: string; readonly status: string; readonly detail: string }[];
  readonly cleaned: readonly { readonly vmid: number; readonly name: string; readonly bytes: number | null }[];
}

export class Templates {
  readonly #lab: LabReport;
  readonly #node;

  constructor(lab: LabReport) {
    this.#lab = lab;
    this.#node = nodeOf(lab);
  }

  machines(): Promise<readonly Row[]> {
    return this.#node.ask('GET', '/cluster/resources', { type: 'vm' });
  }

  async all(): Promise<readonly Row[]> {
    return (await this.machines()).filter(({ template }) => template === 1);
  }

  pathOf(vmid: number): string {
    return `/nodes/${this.#lab.node}/qemu/${vmid}`;
  }

  configOf(vmid: number): Promise<Readonly<Record<string, string | number>>> {
    return this.#node.ask('GET', `${this.pathOf(vmid)}/config`);
  }

  async remove(): Promise<void> {
    for (const { vmid } of await this.all()) {
      await this.#node.ask('PUT', `${this.pathOf(vmid)}/config`, { protection: '0' });
      await this.#node.ask('DELETE', this.pathOf(vmid));
    }
  }

  /** An app whose VM is a clone. */
  app(app: string, transport: 'api' | 'ssh', vm: Readonly<Record<string, unknown>> = {}): Project {
    return makeProject({ lab: this.#lab, app, transport, config: { vm: { template: true, disk_gb: 5, ...vm } } });
  }

  /** Makes its VM, and finds one template and one VM, beside images that were there. */
  async oneOfEach(project: Project, images: readonly string[]): Promise<Created> {
    const created = await project.json<Created>(['vm:create']);
    expect(await project.json(['vm:diff'])).toMatchObject({ drift: [] });
    const [template, ...others] = await this.all();
    expect(others).toEqual([]);
    const left = leftOnHost(this.#lab).filter((name) => !images.includes(name));
    expect(left.toSorted()).toEqual([`images/${created.vmid}`, `images/${template?.vmid}`].toSorted());
    return created;
  }
}

/** Its VM and its folder are gone. */
export async function end(project: Project): Promise<void> {
  await project.zebu(['vm:destroy', '--yes']);
  project.remove();
}
