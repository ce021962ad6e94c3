import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import type { GuestSpec } from './backend.js';
import type { SnapshotAction } from './disk-snapshot.js';
import { run } from './process.js';

/** What a namespace guest keeps between starts, in a directory beside the disk it stands for. */
export interface Tree {
  readonly directory: string;
}

const PARTS = ['upper', 'work', 'docker', 'containerd'];

/** The directory for a disk file. The disk itself is never read. */
export function treeDirectory(diskFile: string): string {
  return `${diskFile}.tree`;
}

/**
 * The guest's tree, made when missing. It belongs to one disk: when the file was replaced (destroyed and created again,
 * rolled back), the tree begins anew, as the machine would.
 */
export async function openTree(spec: GuestSpec): Promise<Tree> {
  const disk = spec.disks.find((each) => each.media === 'disk');
  if (disk === undefined) throw new Error(`VM ${String(spec.vmid)} has no disk`);
  const directory = treeDirectory(disk.file);
  const { ino, birthtimeMs } = await stat(disk.file);
  const identity = `${String(ino)} ${String(birthtimeMs)}\n`;
  const known = await readFile(join(directory, 'disk'), 'utf8').catch(() => undefined);
  if (known !== undefined && known !== identity) await removeTree(disk.file);
  for (const part of PARTS) await mkdir(join(directory, part), { recursive: true });
  await writeFile(join(directory, 'disk'), identity);
  return { directory };
}

/** Forgets what was written to a disk, when it is deleted. Harmless for disks that never had a namespace guest. */
export async function removeTree(diskFile: string): Promise<void> {
  await rm(treeDirectory(diskFile), { recursive: true, force: true });
}

/** A disk that gets another name is the same disk. */
export async function renameTree(from: string, to: string): Promise<void> {
  if (existsSync(treeDirectory(from))) await rename(treeDirectory(from), treeDirectory(to));
}

/** The tree of a copied disk: the copy begins with everything that was written to the original. */
export async function copyTree(from: string, to: string): Promise<void> {
  const [tree, copy] = [treeDirectory(from), treeDirectory(to)];
  if (!existsSync(tree)) return;
  await run(['cp', '-a', '--reflink=auto', '--', tree, copy]);
  await rm(join(copy, 'disk'), { force: true });
}

/** Copies of a tree, one a snapshot, beside the disk. */
function snapshotDirectory(diskFile: string, name: string): string {
  return join(`${diskFile}.snapshots`, name);
}

/** A disk that never carried a namespace guest has no tree, and needs no copy of one. */
export async function snapshotTree(action: SnapshotAction, diskFile: string, name: string): Promise<void> {
  const tree = treeDirectory(diskFile);
  const copy = snapshotDirectory(diskFile, name);
  if (action === 'delete') await rm(copy, { recursive: true, force: true });
  else if (action === 'create') {
    if (!existsSync(tree)) return;
    await mkdir(dirname(copy), { recursive: true });
    await run(['cp', '-a', '--reflink=auto', '--', tree, copy]);
  } else {
    await rm(tree, { recursive: true, force: true });
    if (existsSync(copy)) await run(['cp', '-a', '--reflink=auto', '--', copy, tree]);
  }
}
