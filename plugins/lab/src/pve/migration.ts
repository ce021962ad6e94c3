import { existsSync } from 'node:fs';
import { mkdir, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { treeDirectory } from '../guest/namespace-tree.js';
import { isDiskSlot } from './disks.js';
import { died } from './fault.js';
import type { LabNode } from './node.js';
import { parseProperties } from './property-string.js';
import type { VmRecord } from './state.js';
import { isCloudInit } from './storage.js';
import type { TaskHandle } from './tasks.js';

/**
 * Migration: the VM's record moves to another node, and with it its volumes on local storages. All nodes of the lab share
 * this machine, so a running guest goes on as the same process.
 */

interface LocalDisk {
  readonly slot: string;
  readonly volid: string;
  readonly storage: string;
}

export function localDisks(node: LabNode, record: VmRecord): readonly LocalDisk[] {
  return Object.entries(record.config).flatMap(([slot, value]) => {
    if (!isDiskSlot(slot)) return [];
    const volid = parseProperties(String(value), 'file').get('file') ?? 'none';
    const storage = volid.slice(0, Math.max(0, volid.indexOf(':')));
    return storage === '' || node.storage.isShared(storage) ? [] : [{ slot, volid, storage }];
  });
}

/** Storages of the VM that a node does not have. */
export function unavailable(record: VmRecord, target: LabNode): readonly string[] {
  const used = Object.entries(record.config).flatMap(([slot, value]) => {
    const volid = isDiskSlot(slot) ? (parseProperties(String(value), 'file').get('file') ?? '') : '';
    return volid.includes(':') ? [volid.slice(0, volid.indexOf(':'))] : [];
  });
  const has = new Set(target.storage.all.map(({ storage }) => storage));
  return [...new Set(used)].filter((storage) => !has.has(storage)).toSorted();
}

/** The work of a migration, under the VM's lock. @throws what PVE's task ends with */
export async function migrateVm(
  node: LabNode,
  target: LabNode,
  vmid: number,
  withLocalDisks: boolean,
  task: TaskHandle,
): Promise<void> {
  const record = node.vm(vmid);
  const disks = localDisks(node, record);
  const running = await node.isRunning(vmid, record);
  task.log(`starting migration of VM ${vmid} to node '${target.name}'`);
  for (const { volid } of disks)
    task.log(`found local disk '${volid}' (attached${isCloudInit(volid) ? ', cloud-init' : ''})`);
  if (running && !withLocalDisks && disks.some(({ volid }) => !isCloudInit(volid))) {
    task.log(
      "ERROR: Problem found while scanning volumes - can't live migrate attached local disks without with-local-disks option",
    );
    throw died('migration aborted');
  }
  for (const { volid } of disks) {
    const base = /[:/](base-[^/]+)\//.exec(volid)?.[1];
    const problem =
      base === undefined
        ? (await node.storage.isUsedBase(volid)) && 'referenced by linked clone(s)'
        : `can't migrate '${volid}' as it's a clone of '${base}'`;
    if (problem === false) continue;
    task.log(`ERROR: Problem found while scanning volumes - ${problem}`);
    throw died('migration aborted');
  }
  record.lock = 'migrate';
  node.file.save();
  try {
    for (const { volid } of disks) await move(node, target, volid);
    record.node = target.name;
  } finally {
    delete record.lock;
    node.file.save();
  }
  task.log(`migration finished successfully`);
}

/** Both places are on one file system: a running guest keeps its open disk and its mounted tree over the renaming. */
async function move(from: LabNode, to: LabNode, volid: string): Promise<void> {
  const [source, target] = [from.storage.path(volid), to.storage.path(volid)];
  await mkdir(dirname(target), { recursive: true });
  await rename(source, target);
  for (const companionOf of [treeDirectory, (file: string) => `${file}.snapshots`])
    if (existsSync(companionOf(source))) await rename(companionOf(source), companionOf(target));
}
