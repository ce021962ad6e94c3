import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { chmod, copyFile, mkdir, readdir, readFile, rename, rm, stat, statfs } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { run } from '../guest/process.js';
import { copyTree, removeTree, renameTree } from '../guest/namespace-tree.js';
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
  readonly parent?: string | null;
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
      // What is cloned from a base names it, and is a volume beside it.
      const [name, ...more] = rest.length > 0 && /^base-\d+-[\w-]+$/.test(first) ? rest : parts;
      if (name !== undefined && more.length === 0 && /^(vm|base)-\d+-[\w-]+$/.test(name))
        return join(this.root(storage), name);
      throw died(`unable to parse volume name '${volume}'`);
    }
    const folder = FOLDERS[first];
    if (folder !== undefined && rest.length === 1) return join(this.root(storage), folder, rest[0] ?? '');
    if (/^\d+$/.test(first) && rest.length === 1) return join(this.root(storage), 'images', first, rest[0] ?? '');
    const [base = '', owner = '', name = ''] = rest;
    if (/^\d+$/.test(first) && rest.length === 3 && /^base-/.test(base) && /^\d+$/.test(owner))
      return join(this.root(storage), 'images', owner, name);
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
        const owner = /^(?:vm|base)-(\d+)-[\w-]+$/.exec(name)?.[1];
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
      const { virtualSize, backing } = await imageInfo(file);
      const parent = backing === undefined ? undefined : this.#parent(volid.slice(0, volid.indexOf(':')), backing);
      return {
        ...base,
        ...(parent === undefined ? {} : { volid: `${parent.prefix}${volid.slice(volid.indexOf(':') + 1)}` }),
        format: this.formatOf(volid),
        size: virtualSize,
        vmid,
        used: size,
        ...(parent?.shown !== undefined ? { parent: parent.shown } : this.#home.tellsParent && { parent: null }),
      };
    }
    if (content === 'iso') return { ...base, format: 'iso' };
    if (content === 'import') return { ...base, format: file.split('.').at(-1) ?? 'raw' };
    const format = basename(file).split('.').slice(1).join('.');
    return content === 'backup' ? { ...base, format, ...(await backupFacts(file)) } : { ...base, format };
  }

  /** How a volume that is cloned from a base names it, and what is said of that in a list. */
  #parent(storage: string, backing: string): { readonly prefix: string; readonly shown: string | undefined } {
    const base = basename(backing);
    const { files, clones } = this.kind(storage);
    if (clones === 'plain') return { prefix: `${storage}:`, shown: undefined };
    const owner = /^base-(\d+)-/.exec(base)?.[1] ?? '';
    return files
      ? { prefix: `${storage}:${owner}/${base}/`, shown: `../${owner}/${base}` }
      : { prefix: `${storage}:${base}/`, shown: `${base}@__base__` };
  }

  /** Whether others can be cloned from it. */
  isBase(volid: string): boolean {
    return basename(this.path(volid)).startsWith('base-');
  }

  /** As Proxmox's `volume_has_feature`: of what is not a base no linked clone is made, and not every type has bases. */
  canClone(volid: string): boolean {
    return this.isBase(volid) && this.kind(volid.slice(0, volid.indexOf(':'))).clones !== undefined;
  }

  /** Whether there is a volume that says it was cloned from this one. */
  async isUsedBase(volid: string): Promise<boolean> {
    if (!this.isBase(volid)) return false;
    const volumes = await this.list(volid.slice(0, volid.indexOf(':')), 'images');
    return volumes.some((volume) => volume.volid.startsWith(`${volid}/`));
  }

  /** Makes a volume the base of others. @returns its new name; the one it has where its type knows no bases */
  async createBase(volid: string): Promise<string> {
    if (this.kind(volid.slice(0, volid.indexOf(':'))).clones === undefined) return volid;
    const cut = volid.lastIndexOf('vm-');
    const base = `${volid.slice(0, cut)}base-${volid.slice(cut + 3)}`;
    const [from, to] = [this.path(volid), this.path(base)];
    if (existsSync(to)) throw died(`file '${this.shown(base)}' already exists`);
    await rename(from, to);
    await renameTree(from, to);
    // Nobody should write anything.
    await chmod(to, 0o444);
    return base;
  }

  /** A volume that holds what differs from a base. @returns its name */
  async cloneLinked(base: string, vmid: number): Promise<string> {
    const storage = base.slice(0, base.indexOf(':'));
    const own = this.nextDisk(vmid, 'qcow2', storage);
    const [from, to] = [this.path(base), this.path(own)];
    await mkdir(dirname(to), { recursive: true });
    const { format } = await imageInfo(from);
    const backing = ['-b', relative(dirname(to), from), '-F', format];
    await run(['qemu-img', 'create', '-q', '-f', 'qcow2', ...backing, to]);
    await copyTree(from, to);
    const { prefix } = this.#parent(storage, from);
    return `${prefix}${own.slice(own.indexOf(':') + 1)}`;
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
        const taken = [name, name.replace(/^vm-/, 'base-')].some((each) => this.exists(`${storage}:${each}`));
        if (!taken) return `${storage}:${name}`;
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
    const { format: sourceFormat, backing } = await imageInfo(source);
    const part = `${target}.part`;
    // The same format is a plain copy: unpacking a compressed image only to pack it again would take a minute.
    if (sourceFormat === format && backing === undefined) await copyFile(source, part);
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
export async function imageInfo(
  file: string,
): Promise<{ format: string; virtualSize: number; backing: string | undefined }> {
  const text = await run(['qemu-img', 'info', '-U', '--output=json', file]);
  const info = JSON.parse(text) as { format: string; 'virtual-size': number; 'backing-filename'?: string };
  return { format: info.format, virtualSize: info['virtual-size'], backing: info['backing-filename'] };
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
