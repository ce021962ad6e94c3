import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { copyFile, mkdir, readdir, readFile, rm, stat, statfs } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { run } from '../guest/process.js';
import { removeTree } from '../guest/namespace-tree.js';
import { died } from './fault.js';
import type { StateFile, StorageRecord } from './state.js';
import { STORAGE_KINDS, type StorageKind } from './storage-kinds.js';

/** The storage that is always there: a directory, as a fresh Proxmox VE has it. */
const STORAGE = 'local';

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
  readonly subtype?: string;
  readonly notes?: string;
  readonly protected?: number;
  /** What an image is based on; since Proxmox VE 9 it is said when it is nothing, too. */
  readonly parent?: null;
}

/** The cloud-init drive of a VM, on file storages and on others. */
export const isCloudInit = (volid: string): boolean => /cloudinit(\.qcow2)?$/.test(volid);

/** Where a node keeps what is its own. */
export interface StorageHome {
  /** Of `local`; the host shell shows it as /var/lib/vz. */
  readonly local: string;
  /** Of all other storages. */
  readonly others: string;
  readonly node: string;
  /** As since Proxmox VE 9. */
  readonly tellsParent?: boolean;
}

/** The storages as one node sees them. */
export class Storage {
  readonly #home: StorageHome;
  readonly #file: StateFile;

  constructor(home: StorageHome, file: StateFile) {
    this.#home = home;
    this.#file = file;
  }

  async prepare(): Promise<void> {
    for (const { storage } of this.all) await this.makeFolders(storage);
  }

  async makeFolders(storage: string): Promise<void> {
    const root = this.root(storage);
    await mkdir(root, { recursive: true });
    if (!this.kind(storage).files) return;
    for (const folder of ['images', ...Object.values(FOLDERS)]) await mkdir(join(root, folder), { recursive: true });
  }

  /** Of the cluster's storages, those this node has. */
  get all(): readonly StorageRecord[] {
    return this.#file.state.storages.filter(({ nodes }) => nodes === undefined || nodes.includes(this.#home.node));
  }

  /** @throws the 500 PVE gives for a storage that is not there */
  check(name: string): StorageRecord {
    const found = this.#file.state.storages.find(({ storage }) => storage === name);
    if (found === undefined) throw died(`storage '${name}' does not exist`);
    if (found.nodes !== undefined && !found.nodes.includes(this.#home.node))
      throw died(`storage '${name}' is not available on node '${this.#home.node}'`);
    return found;
  }

  kind(name: string): StorageKind {
    const kind = STORAGE_KINDS[this.check(name).type];
    if (kind === undefined) throw died(`storage '${name}' has a type this node does not know`);
    return kind;
  }

  isShared(name: string): boolean {
    const { shared } = this.check(name);
    return shared ?? this.kind(name).shared;
  }

  root(name: string): string {
    if (name === STORAGE) return this.#home.local;
    return join(this.#home.others, name, this.isShared(name) ? 'shared' : this.#home.node);
  }

  /** The file of a volume id; it need not exist. No part may lead out of the storage. */
  path(volid: string): string {
    const cut = volid.indexOf(':');
    const [storage, volume] = [volid.slice(0, cut), volid.slice(cut + 1)];
    if (cut < 1) throw died(`unable to parse volume ID '${volid}'`);
    const { files } = this.kind(storage);
    const parts = volume.split('/');
    if (parts.some((part) => part === '' || part === '.' || part === '..')) {
      throw died(`unable to parse ${files ? 'directory volume name' : 'volume name'} '${volume}'`);
    }
    const [first = '', ...rest] = parts;
    if (!files) {
      if (rest.length === 0 && /^vm-\d+-[\w-]+$/.test(first)) return join(this.root(storage), first);
      throw died(`unable to parse volume name '${volume}'`);
    }
    const folder = FOLDERS[first];
    if (folder !== undefined && rest.length === 1) return join(this.root(storage), folder, rest[0] ?? '');
    if (/^\d+$/.test(first) && rest.length === 1) return join(this.root(storage), 'images', first, rest[0] ?? '');
    throw died(`unable to parse directory volume name '${volume}'`);
  }

  /** The path a person on the host would see. */
  shown(volid: string): string {
    const storage = volid.slice(0, volid.indexOf(':'));
    const { type, options } = this.check(storage);
    const root = STORAGE_KINDS[type]?.shown(storage, options) ?? '';
    return this.path(volid).replace(this.root(storage), root);
  }

  /** As PVE names it: what a `zfspool` holds is `raw`, however the lab keeps it. */
  formatOf(volid: string): string {
    const storage = volid.slice(0, volid.indexOf(':'));
    return this.kind(storage).files ? (volid.split('.').at(-1) ?? 'raw') : 'raw';
  }

  folderFor(content: string, storage = STORAGE): string {
    return join(this.root(storage), FOLDERS[content] ?? content);
  }

  async usage(storage = STORAGE): Promise<{ total: number; used: number; avail: number }> {
    const { blocks, bfree, bavail, bsize } = await statfs(this.root(storage));
    return { total: blocks * bsize, used: (blocks - bfree) * bsize, avail: bavail * bsize };
  }

  async list(storage: string, content?: string, vmid?: number): Promise<readonly Volume[]> {
    const volumes: Volume[] = [];
    const root = this.root(storage);
    if (this.kind(storage).files) {
      for (const [kind, folder] of Object.entries(FOLDERS)) {
        for (const name of await names(join(root, folder))) {
          if (kind === 'backup' && !/^vzdump-.*\.vma(\.(zst|gz|lzo))?$/.test(name)) continue;
          volumes.push(await this.#volume(`${storage}:${kind}/${name}`, kind));
        }
      }
      for (const id of await names(join(root, 'images'))) {
        for (const name of await names(join(root, 'images', id))) {
          if (/\.(qcow2|raw)$/.test(name))
            volumes.push(await this.#volume(`${storage}:${id}/${name}`, 'images', Number(id)));
        }
      }
    } else {
      for (const name of await names(root)) {
        const owner = /^vm-(\d+)-[\w-]+$/.exec(name)?.[1];
        if (owner !== undefined) volumes.push(await this.#volume(`${storage}:${name}`, 'images', Number(owner)));
      }
    }
    return volumes.filter(
      (volume) => (content === undefined || volume.content === content) && (vmid === undefined || volume.vmid === vmid),
    );
  }

  async #volume(volid: string, content: string, vmid?: number): Promise<Volume> {
    const file = this.path(volid);
    const { size, ctimeMs } = await stat(file);
    const base = { volid, content, size, ctime: Math.floor(ctimeMs / 1000) };
    if (vmid !== undefined) {
      const { virtualSize } = await imageInfo(file);
      return {
        ...base,
        format: this.formatOf(volid),
        size: virtualSize,
        vmid,
        used: size,
        ...(this.#home.tellsParent && { parent: null }),
      };
    }
    if (content === 'iso') return { ...base, format: 'iso' };
    if (content === 'import') return { ...base, format: file.split('.').at(-1) ?? 'raw' };
    const format = basename(file).split('.').slice(1).join('.');
    return content === 'backup' ? { ...base, format, ...(await backupFacts(file)) } : { ...base, format };
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

  /** The next free disk of a VM: `local:100/vm-100-disk-0.qcow2`, `local-zfs:vm-100-disk-0`. */
  nextDisk(vmid: number, format = 'qcow2', storage = STORAGE): string {
    const { files } = this.kind(storage);
    for (let n = 0; ; n++) {
      const name = `vm-${vmid}-disk-${n}`;
      if (!files) {
        if (!this.exists(`${storage}:${name}`)) return `${storage}:${name}`;
      } else if (!['qcow2', 'raw'].some((each) => this.exists(`${storage}:${vmid}/${name}.${each}`))) {
        return `${storage}:${vmid}/${name}.${format}`;
      }
    }
  }

  cloudInitVolume(vmid: number, storage = STORAGE): string {
    const name = `vm-${vmid}-cloudinit`;
    return this.kind(storage).files ? `${storage}:${vmid}/${name}.qcow2` : `${storage}:${name}`;
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
    await rm(cidataFile(file), { force: true });
    await rm(`${file}.snapshots`, { recursive: true, force: true });
    await rm(notesFile(file), { force: true });
    await rm(`${file}.sum`, { force: true });
  }

  async removeVm(vmid: number): Promise<void> {
    for (const { storage } of this.all) {
      for (const { volid } of await this.list(storage, 'images', vmid)) await this.remove(volid);
      if (this.kind(storage).files)
        await rm(join(this.root(storage), 'images', String(vmid)), { recursive: true, force: true });
    }
  }
}

/** The cloud-init drive as a plain ISO, beside the volume that stands for it. */
export function cidataFile(volumeFile: string): string {
  return `${volumeFile.replace(/\.qcow2$/, '')}.iso`;
}

/** What PVE keeps beside an archive: its notes. `protected` is a file of its own there, too. */
export function notesFile(archive: string): string {
  return `${archive}.notes`;
}

async function backupFacts(file: string): Promise<Partial<Volume>> {
  const owner = /vzdump-qemu-(\d+)-/.exec(basename(file))?.[1];
  const notes = await readFile(notesFile(file), 'utf8').catch(() => undefined);
  return {
    ...(owner === undefined ? {} : { vmid: Number(owner) }),
    subtype: 'qemu',
    ...(notes === undefined ? {} : { notes }),
    ...(existsSync(`${file}.protected`) ? { protected: 1 } : {}),
  };
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

/** Images are large and asked about often: a file that has not changed has the digest it had. */
const digests = new Map<string, string>();

export async function digestFile(file: string, algorithm: string): Promise<string> {
  const { ino, size, mtimeNs, ctimeNs } = await stat(file, { bigint: true });
  const key = [algorithm, file, ino, size, mtimeNs, ctimeNs].join(' ');
  const known = digests.get(key);
  if (known !== undefined) return known;
  const hash = createHash(algorithm);
  await pipeline(createReadStream(file, { highWaterMark: 1 << 20 }), hash);
  const digest = hash.digest('hex');
  digests.set(key, digest);
  return digest;
}
