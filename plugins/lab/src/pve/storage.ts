import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { copyFile, mkdir, readdir, rm, stat, statfs } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { run } from '../guest/process.js';
import { removeTree } from '../guest/namespace-tree.js';
import { died } from './fault.js';
import type { StateFile } from './state.js';

/** The one storage of the lab: a directory, as a fresh Proxmox VE has it. */
export const STORAGE = 'local';
export const CONTENT = ['images', 'rootdir', 'vztmpl', 'import', 'iso', 'snippets', 'backup'];

/** Where the host shell sees the storage; messages of PVE carry these paths. */
export const SHOWN_ROOT = '/var/lib/vz';

const FOLDERS: Readonly<Record<string, string>> = {
  import: 'import',
  iso: 'template/iso',
  vztmpl: 'template/cache',
  snippets: 'snippets',
  backup: 'dump',
};

export interface Volume {
  readonly volid: string;
  readonly content: string;
  readonly format: string;
  readonly size: number;
  readonly ctime: number;
  readonly vmid?: number;
  readonly used?: number;
}

export class Storage {
  readonly root: string;
  readonly #file: StateFile;

  constructor(root: string, file: StateFile) {
    this.root = root;
    this.#file = file;
  }

  async prepare(): Promise<void> {
    for (const folder of ['images', ...Object.values(FOLDERS)])
      await mkdir(join(this.root, folder), { recursive: true });
  }

  /** @throws the 500 PVE gives for a storage that is not there */
  check(name: string): void {
    if (name !== STORAGE) throw died(`storage '${name}' does not exist`);
  }

  /** The file of a volume id; it need not exist. No part may lead out of the storage. */
  path(volid: string): string {
    const cut = volid.indexOf(':');
    const [storage, volume] = [volid.slice(0, cut), volid.slice(cut + 1)];
    if (cut < 1) throw died(`unable to parse volume ID '${volid}'`);
    this.check(storage);
    if (volume.split('/').some((part) => part === '' || part === '.' || part === '..')) {
      throw died(`unable to parse directory volume name '${volume}'`);
    }
    const [first = '', ...rest] = volume.split('/');
    const folder = FOLDERS[first];
    if (folder !== undefined && rest.length === 1) return join(this.root, folder, rest[0] ?? '');
    if (/^\d+$/.test(first) && rest.length === 1) return join(this.root, 'images', first, rest[0] ?? '');
    throw died(`unable to parse directory volume name '${volume}'`);
  }

  /** The path a person on the host would see. */
  shown(volid: string): string {
    return this.path(volid).replace(this.root, SHOWN_ROOT);
  }

  folderFor(content: string): string {
    return join(this.root, FOLDERS[content] ?? content);
  }

  async usage(): Promise<{ total: number; used: number; avail: number }> {
    const { blocks, bfree, bavail, bsize } = await statfs(this.root);
    return { total: blocks * bsize, used: (blocks - bfree) * bsize, avail: bavail * bsize };
  }

  async list(content?: string, vmid?: number): Promise<readonly Volume[]> {
    const volumes: Volume[] = [];
    for (const [kind, folder] of Object.entries(FOLDERS)) {
      for (const name of await names(join(this.root, folder))) {
        volumes.push(await this.#volume(`${STORAGE}:${kind}/${name}`, kind));
      }
    }
    for (const id of await names(join(this.root, 'images'))) {
      for (const name of await names(join(this.root, 'images', id))) {
        if (/\.(qcow2|raw)$/.test(name))
          volumes.push(await this.#volume(`${STORAGE}:${id}/${name}`, 'images', Number(id)));
      }
    }
    return volumes.filter(
      (volume) => (content === undefined || volume.content === content) && (vmid === undefined || volume.vmid === vmid),
    );
  }

  async #volume(volid: string, content: string, vmid?: number): Promise<Volume> {
    const file = this.path(volid);
    const { size, ctimeMs } = await stat(file);
    const ending = basename(file).split('.').slice(1).join('.');
    const image = vmid === undefined ? undefined : await imageInfo(file);
    return {
      volid,
      content,
      format:
        content === 'iso'
          ? 'iso'
          : content === 'import'
            ? (file.split('.').at(-1) ?? 'raw')
            : vmid === undefined
              ? ending
              : (file.split('.').at(-1) ?? 'raw'),
      size: image?.virtualSize ?? size,
      ctime: Math.floor(ctimeMs / 1000),
      ...(vmid === undefined ? {} : { vmid, used: size }),
    };
  }

  exists(volid: string): boolean {
    return existsSync(this.path(volid));
  }

  /** SHA-256 of a volume's file, remembered until it changes. */
  async sum(volid: string): Promise<string> {
    const file = this.path(volid);
    const { size, mtimeMs } = await stat(file);
    const known = this.#file.state.sums[volid];
    if (known?.size === size && known.mtimeMs === mtimeMs) return known.sha256;
    const sha256 = await digestFile(file, 'sha256');
    this.#file.state.sums[volid] = { sha256, size, mtimeMs };
    this.#file.save();
    return sha256;
  }

  /** The next free disk of a VM: `local:100/vm-100-disk-0.qcow2`. */
  nextDisk(vmid: number, format = 'qcow2'): string {
    for (let n = 0; ; n++) {
      const volid = `${STORAGE}:${vmid}/vm-${vmid}-disk-${n}.${format}`;
      if (!['qcow2', 'raw'].some((each) => this.exists(`${STORAGE}:${vmid}/vm-${vmid}-disk-${n}.${each}`)))
        return volid;
    }
  }

  /** @returns the virtual size in bytes */
  async createDisk(volid: string, bytes: number): Promise<number> {
    const file = this.path(volid);
    await mkdir(dirname(file), { recursive: true });
    await run(['qemu-img', 'create', '-q', '-f', file.endsWith('.raw') ? 'raw' : 'qcow2', file, String(bytes)]);
    return bytes;
  }

  async importDisk(from: string, volid: string): Promise<number> {
    const [source, target] = [this.path(from), this.path(volid)];
    await mkdir(dirname(target), { recursive: true });
    const format = target.endsWith('.raw') ? 'raw' : 'qcow2';
    const { format: sourceFormat } = await imageInfo(source);
    const part = `${target}.part`;
    // The same format is a plain copy: unpacking a compressed image only to pack it again would take a minute.
    if (sourceFormat === format) await copyFile(source, part);
    else await run(['qemu-img', 'convert', '-q', '-f', sourceFormat, '-O', format, source, part]);
    await run(['mv', '--', part, target]);
    return (await imageInfo(target)).virtualSize;
  }

  async resizeDisk(volid: string, bytes: number): Promise<void> {
    const file = this.path(volid);
    await run(['qemu-img', 'resize', '-q', '-f', file.endsWith('.raw') ? 'raw' : 'qcow2', file, String(bytes)]);
  }

  async remove(volid: string): Promise<void> {
    const file = this.path(volid);
    await removeTree(file);
    await rm(file, { force: true });
    await rm(file.replace(/\.qcow2$/, '.iso'), { force: true });
  }

  async removeVm(vmid: number): Promise<void> {
    for (const { volid } of await this.list('images', vmid)) await this.remove(volid);
    await rm(join(this.root, 'images', String(vmid)), { recursive: true, force: true });
  }
}

async function names(folder: string): Promise<readonly string[]> {
  try {
    return (await readdir(folder)).filter((name) => !name.endsWith('.part') && !name.endsWith('.tmp')).sort();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/** `-U`: a running machine holds the image's lock. */
export async function imageInfo(file: string): Promise<{ format: string; virtualSize: number }> {
  const text = await run(['qemu-img', 'info', '-U', '--output=json', file]);
  const info = JSON.parse(text) as { format: string; 'virtual-size': number };
  return { format: info.format, virtualSize: info['virtual-size'] };
}

export async function digestFile(file: string, algorithm: string): Promise<string> {
  const hash = createHash(algorithm);
  await pipeline(createReadStream(file, { highWaterMark: 1 << 20 }), hash);
  return hash.digest('hex');
}
