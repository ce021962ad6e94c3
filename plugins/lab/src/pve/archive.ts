import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { treeDirectory } from '../guest/namespace-tree.js';
import { run } from '../guest/process.js';
import { isDiskSlot } from './disks.js';
import type { LabNode } from './node.js';
import { parseProperties } from './property-string.js';
import type { VmConfig, VmFirewall } from './state.js';
import { digestFile, imageInfo, isCloudInit } from './storage.js';

/**
 * An archive of the lab is a tar file under the name a real one has: the configuration, the firewall, every disk, and what
 * a namespace guest keeps beside it.
 */
export interface Manifest {
  readonly config: VmConfig;
  readonly labImage: boolean;
  /** Slot → file in the archive. */
  readonly disks: Readonly<Record<string, string>>;
  readonly firewall?: VmFirewall;
  readonly snapshots?: boolean;
}

/** Disks of a configuration that a backup holds. */
export function backupDisks(config: VmConfig): readonly { readonly slot: string; readonly volid: string }[] {
  return Object.entries(config)
    .filter(([slot]) => isDiskSlot(slot))
    .flatMap(([slot, value]) => {
      const properties = parseProperties(String(value), 'file');
      const volid = properties.get('file') ?? 'none';
      const left = !volid.includes(':') || isCloudInit(volid) || properties.get('media') === 'cdrom';
      return left || properties.get('backup') === '0' ? [] : [{ slot, volid }];
    })
    .toSorted((a, b) => (a.slot < b.slot ? -1 : 1));
}

/** Writes the archive of a VM that holds still. */
export async function writeArchive(node: LabNode, vmid: number, archive: string): Promise<void> {
  const record = node.vm(vmid);
  const work = await mkdtemp(join(dirname(archive), '.vzdump-'));
  try {
    const disks: Record<string, string> = {};
    for (const { slot, volid } of backupDisks(record.config)) {
      const file = node.storage.path(volid);
      disks[slot] = `${slot}.img`;
      const image = join(work, `${slot}.img`);
      const { format, backing } = await imageInfo(file);
      // A linked clone is backed up with everything that it reads from its base.
      if (backing !== undefined) await run(['qemu-img', 'convert', '-q', '-U', '-O', format, file, image]);
      else await run(['cp', '--reflink=auto', '--sparse=always', '--', file, image]);
      const tree = treeDirectory(file);
      if (existsSync(tree)) await run(['cp', '-a', '--reflink=auto', '--', tree, join(work, `${slot}.tree`)]);
    }
    const { config, labImage, firewall } = record;
    const snapshots = Object.keys(record.snapshots).length > 0;
    const manifest: Manifest = { config, labImage, disks, firewall, snapshots };
    await writeFile(join(work, 'manifest.json'), JSON.stringify(manifest));
    const part = `${archive}.part`;
    const tar = ['tar', '--create', '--sparse', '--xattrs', '--xattrs-include=*', '--file', part];
    await run([...tar, '--directory', work, '.']);
    await writeFile(sumFile(archive), await digestFile(part, 'sha256'));
    await rename(part, archive);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** What zstd keeps inside, so that what has changed since is not taken for good. */
const sumFile = (archive: string): string => `${archive}.sum`;

/** Whether the archive is as it was written; one of a lab that kept no sum is taken as it is. */
export async function isWhole(archive: string): Promise<boolean> {
  const sum = await readFile(sumFile(archive), 'utf8').catch(() => undefined);
  return sum === undefined || sum === (await digestFile(archive, 'sha256'));
}

export async function readManifest(archive: string): Promise<Manifest> {
  return JSON.parse(await run(['tar', '--extract', '--to-stdout', '--file', archive, './manifest.json'])) as Manifest;
}

/** The configuration as the archive holds it: a file of qemu-server, with where its disks go. */
export function configText(node: LabNode, { config, disks, snapshots }: Manifest): string {
  const { description, ...rest } = config;
  const comment =
    description === undefined
      ? []
      : String(description)
          .split('\n')
          .map((line) => `#${line}`);
  const lines = Object.keys(rest)
    .toSorted()
    .map((key) => `${key}: ${String(rest[key])}`);
  const maps = Object.keys(disks).map((slot) => {
    const volid = parseProperties(String(config[slot]), 'file').get('file') ?? '';
    const storage = volid.slice(0, volid.indexOf(':'));
    const format =
      /\.(qcow2|raw)$/.exec(volid)?.[1] ??
      (node.storage.all.some((each) => each.storage === storage) ? node.storage.formatOf(volid) : 'raw');
    return `#qmdump#map:${slot}:drive-${slot}:${storage}:${format}:`;
  });
  return [...comment, ...lines, ...(snapshots === true ? [''] : []), ...maps, ''].join('\n');
}

/** Puts one disk of an unpacked archive where a volume of the VM is. */
export async function placeDisk(unpacked: string, slot: string, file: string, target: string): Promise<void> {
  await mkdir(dirname(target), { recursive: true });
  await run(['cp', '--sparse=always', '--', join(unpacked, file), target]);
  const tree = join(unpacked, `${slot}.tree`);
  if (!existsSync(tree)) return;
  await rm(join(tree, 'disk'), { force: true });
  await run(['cp', '-a', '--', tree, treeDirectory(target)]);
}
