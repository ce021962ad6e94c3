/** The node itself, asked directly: whether it is busy, and what the suite has left on it. */
import { type Transport } from '@zebu/kit';
import { createConsole } from '@zebu/kit/core';
import { factory as api } from '../../plugins/transport-api/src/index.js';
import { factory as ssh } from '../../plugins/transport-ssh/src/index.js';
import { NAME_PREFIX } from './project.js';
import type { Target, TransportId } from './target.js';

interface Row {
  readonly type: string;
  readonly node: string;
  readonly vmid?: number;
  readonly name?: string;
  readonly status?: string;
  readonly tags?: string;
  readonly cpu?: number;
}

interface Volume {
  readonly volid: string;
  readonly vmid?: number;
  readonly notes?: string;
}

export class Node {
  readonly #transport: Transport;
  readonly #target: Target;

  constructor(transport: Transport, target: Target) {
    this.#transport = transport;
    this.#target = target;
  }

  static async reach(target: Target, signal: AbortSignal): Promise<Node> {
    const id: TransportId = target.proxmox.ssh === undefined ? 'api' : 'ssh';
    const io = createConsole({
      stdout: process.stdout,
      stderr: process.stderr,
      stdin: {},
      env: {},
      json: true,
      debug: false,
    });
    const transport = await (id === 'ssh' ? ssh : api).connect({
      io,
      signal,
      settings: target.proxmox[id] ?? {},
      env: (name) => target.env[name],
      origin: (key) => `proxmox.${key}`,
    });
    return new Node(transport, target);
  }

  #ask(method: string, path: string, params: Record<string, unknown> = {}): Promise<unknown> {
    return this.#transport.doRequest(method, `/api2/json${path}`, path, params);
  }

  async version(): Promise<string> {
    return ((await this.#ask('GET', '/version')) as { version: string }).version;
  }

  async #rows(): Promise<readonly Row[]> {
    return (await this.#ask('GET', '/cluster/resources')) as Row[];
  }

  #isOwn({ type, vmid = 0, name = '' }: Row): boolean {
    const { from, to } = this.#target.vmids;
    return type === 'qemu' && vmid >= from && vmid <= to && name.startsWith(NAME_PREFIX);
  }

  /** Why somebody else may be using the node right now; undefined when nothing says so. */
  async busy(): Promise<string | undefined> {
    const rows = await this.#rows();
    const running = rows.filter((row) => row.status === 'running' && !this.#isOwn(row));
    const guests = running.filter(({ type }) => type === 'qemu' || type === 'lxc');
    if (guests.length > 0) return `${guests.length} guest(s) run there (${guests.map(({ vmid }) => vmid).join(', ')})`;
    const loaded = rows.find(({ type, cpu = 0 }) => type === 'node' && cpu > 0.6);
    return loaded === undefined ? undefined : `a node is loaded (${Math.round((loaded.cpu ?? 0) * 100)} % CPU)`;
  }

  /** An id of the range that is somebody else's. */
  async taken(): Promise<number | undefined> {
    const { from, to } = this.#target.vmids;
    const foreign = (await this.#rows()).find(
      (row) => row.vmid !== undefined && row.vmid >= from && row.vmid <= to && !this.#isOwn(row),
    );
    return foreign?.vmid;
  }

  async takesBackups(): Promise<boolean> {
    return (await this.#backupStorages()).length > 0;
  }

  async #backupStorages(): Promise<readonly { node: string; storage: string }[]> {
    const nodes = (await this.#rows()).filter(({ type, status }) => type === 'node' && status === 'online');
    const found = await Promise.all(
      nodes.map(async ({ node }) => {
        const rows = await this.#ask('GET', `/nodes/${node}/storage`, { content: 'backup', enabled: 1 });
        return (rows as { storage: string; active?: number }[])
          .filter(({ active }) => active === 1)
          .map(({ storage }) => ({ node, storage }));
      }),
    );
    return found.flat();
  }

  /** Removes VMs, and backups of them, that carry the suite's name in the suite's range. @returns what it removed */
  async clean(): Promise<readonly string[]> {
    const removed: string[] = [];
    const { from, to } = this.#target.vmids;
    for (const { node, vmid = 0, status } of (await this.#rows()).filter((row) => this.#isOwn(row))) {
      const path = `/nodes/${node}/qemu/${vmid}`;
      if (status === 'running') await this.#finished(node, await this.#ask('POST', `${path}/status/stop`));
      await this.#finished(node, await this.#ask('DELETE', path, { purge: 1 }));
      removed.push(`VM ${vmid}`);
    }
    for (const { node, storage } of await this.#backupStorages()) {
      const path = `/nodes/${node}/storage/${storage}/content`;
      const volumes = (await this.#ask('GET', path, { content: 'backup' })) as Volume[];
      for (const { volid } of volumes.filter(
        ({ vmid = 0, notes = '' }) => vmid >= from && vmid <= to && notes.includes(NAME_PREFIX),
      )) {
        await this.#finished(node, await this.#ask('DELETE', `${path}/${encodeURIComponent(volid)}`));
        removed.push(volid);
      }
    }
    return removed;
  }

  async #finished(node: string, upid: unknown): Promise<void> {
    if (typeof upid !== 'string' || !upid.startsWith('UPID:')) return;
    for (let waited = 0; waited < 600; waited++) {
      const path = `/nodes/${node}/tasks/${encodeURIComponent(upid)}/status`;
      const { status } = (await this.#ask('GET', path)) as { status: string };
      if (status === 'stopped') return;
      await new Promise((resolve) => setTimeout(resolve, 1000));
    }
  }

  close(): Promise<void> {
    return this.#transport.close();
  }
}
